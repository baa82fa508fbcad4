/** Whether descriptors and memory stayed as they were, whatever was lost meanwhile. */
import type { Footprint } from './client.ts'
import { SEMI_SPACE_MIB } from './processes.ts'
import type { RoundResult } from './round.ts'

const MIB = 2 ** 20

/**
 * What the heaps of both processes may grow by: code that is compiled meanwhile (some 0.5 MiB), and for each connection that
 * was lost less than anything that could be kept of it, as a closure takes 500 bytes.
 */
const HEAP = { compiled: 2 * MIB, ofEachLost: 100 }

/** The young generations of both processes, and for each 16 MiB that malloc has given out once and keeps. */
const RESIDENT = 2 * (3 * SEMI_SPACE_MIB + 16) * MIB

/** The first and the last footprint. */
export function ends(rounds: readonly RoundResult[]): readonly [Footprint, Footprint] {
  const [first, last] = [rounds[0], rounds.at(-1)]
  if (first === undefined || last === undefined) throw new Error('there was no fault')
  return [first.footprint, last.footprint]
}

/** @returns what has grown more than it may, a line each */
export function grown(rounds: readonly RoundResult[]): string[] {
  const [first, last] = ends(rounds)
  const lost = rounds.reduce((sum, round) => sum + round.lost, 0)
  const wrong: string[] = []
  const check = (what: keyof Footprint, mayGrowBy: number): void => {
    if (last[what] - first[what] > mayGrowBy) wrong.push(`${what} grew from ${first[what]} to ${last[what]}`)
  }
  check('descriptors', 0)
  check('heap', HEAP.compiled + lost * HEAP.ofEachLost)
  check('resident', RESIDENT)
  return wrong
}
