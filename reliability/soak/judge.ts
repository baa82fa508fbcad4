/** Compares what happened to the connections during a fault with what must happen. */
import type { Round } from './client.ts'
import { DETECT_WITHIN } from './promise.ts'

/** How many must be dead; `open` if the fault's length allows both. */
export type Fate = 'all' | 'none' | 'open'

export interface Verdict {
  readonly lost: number
  /** The longest time until a connection was lost, and the shortest for no answer; in milliseconds, 0 and Infinity for none. */
  readonly latest: number
  readonly earliest: number
  /** The longest time that a process was late, in milliseconds. */
  readonly lateMs: number
  readonly outcomes: Readonly<Record<string, number>>
  /** The violations, a line each. */
  readonly wrong: readonly string[]
}

/**
 * @param held the number of connections before
 * @param since when a connection's deadline started
 */
export function judge(
  rounds: readonly Round[],
  fate: Fate,
  held: number,
  since: (port: number, lostAt: number) => number | undefined,
): Verdict {
  const wrong: string[] = []
  const outcomes: Record<string, number> = {}
  let [lost, latest, earliest, late] = [0, 0, Infinity, 0]
  for (const { ended, lateMs } of rounds) {
    late = Math.max(late, lateMs)
    for (const { port, published, told, lostAt, outcome } of ended) {
      lost++
      if (published !== 1) wrong.push(`port ${port} was published ${published} times`)
      if (told !== 1) wrong.push(`the user of port ${port} was told ${told} times`)
      if (lostAt === undefined || outcome === undefined) continue
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      const from = since(port, lostAt)
      const took = lostAt - (from ?? Number.NaN)
      if (outcome === 'no-answer') earliest = Math.min(earliest, took)
      latest = Math.max(latest, took)
      // A process that does not run cannot report. It has measured how late it was.
      if (!(took <= DETECT_WITHIN + lateMs)) {
        wrong.push(
          `port ${port} was told after ${Math.round(took)} ms, by a process late by ${Math.round(lateMs)} ms`,
        )
      }
    }
  }
  if (fate === 'all' && lost !== held) wrong.push(`${lost} of ${held} dead connections were told`)
  if (fate === 'none' && lost > 0) wrong.push(`${lost} living connections were dropped`)
  return { lost, latest, earliest, lateMs: late, outcomes, wrong }
}
