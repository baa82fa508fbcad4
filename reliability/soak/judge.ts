/** What must have become of the connections in one fault, and what did. */
import type { Round } from './client.ts'
import { DETECT_WITHIN } from './promise.ts'

/** `all` or `none` of them dead; `open` where the fault's length decides nothing. */
export type Fate = 'all' | 'none' | 'open'

export interface Verdict {
  readonly lost: number
  /** How long the latest and the earliest waited for ETIMEDOUT or the like, in milliseconds; 0 and Infinity for none. */
  readonly latest: number
  readonly earliest: number
  /** By how much a process was late at worst, in milliseconds. */
  readonly lateMs: number
  readonly outcomes: Readonly<Record<string, number>>
  /** What is wrong, a line each. */
  readonly wrong: readonly string[]
}

/**
 * @param held how many were open before
 * @param since from when a connection's deadline counts
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
      // A process that does not get to run cannot tell; how late it was at worst it has measured itself.
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
