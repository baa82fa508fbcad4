/** Whether the number of descriptors and the memory stayed the same. */
import type { Footprint } from './client.ts'
import { SEMI_SPACE_MIB } from './processes.ts'
import type { RoundResult } from './round.ts'

const MIB = 2 ** 20

/**
 * How much the heaps of both processes may grow: compiled code takes about 0.5 MiB. For each lost connection it is less than
 * anything that could remain of it; a closure takes 500 bytes.
 */
const HEAP = { compiled: 2 * MIB, ofEachLost: 100 }

/** The young generations of both processes, and 16 MiB each that malloc does not return to the system. */
const RESIDENT = 2 * (3 * SEMI_SPACE_MIB + 16) * MIB

/** The first and the last footprint. */
export function ends(rounds: readonly RoundResult[]): readonly [Footprint, Footprint] {
  const [first, last] = [rounds[0], rounds.at(-1)]
  if (first === undefined || last === undefined) throw new Error('there was no fault')
  return [first.footprint, last.footprint]
}

/** @returns what has grown too much, a line each */
export function grown(rounds: readonly RoundResult[]): string[] {
  const [first, last] = ends(rounds)
  const lost = rounds.reduce((sum, round) => sum + round.lost, 0)
  const limits = { descriptors: 0, heap: HEAP.compiled + lost * HEAP.ofEachLost, resident: RESIDENT }
  return (['descriptors', 'heap', 'resident'] as const)
    .filter((what) => last[what] - first[what] > limits[what])
    .map((what) => `${what} grew from ${first[what]} to ${last[what]}`)
}
