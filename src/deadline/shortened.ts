/**
 * Shortens the solved user timeout if the first retransmission comes late. Linux counts the user timeout from there, and only checks it
 * when it retransmits. The retransmission timeout is long after a lost SYN-ACK (3 s), and after an outage in which an
 * acknowledgement was lost: the kernel takes the outage for the round trip. Pure, like the rule.
 */
import { latestFirstRetransmission, rtoMaxFor } from '../settings/detect-within.ts'
import type { Look } from './look.ts'

/** What the kernel waits for before it first retransmits the data in flight, in milliseconds. */
export interface FirstWait {
  readonly retransmissionTimeout: number
  /** Negative: not known. */
  readonly roundTrip: number
}

/**
 * The wait for the data that is in flight. Once that was retransmitted, the timeout has been doubled each time, up to TCP_RTO_MAX_MS.
 * So the longest counts that was seen since the last acknowledgement.
 *
 * @param before what it was at the last look, if nothing was acknowledged since
 */
export function firstWaitOf(before: FirstWait | undefined, look: Look): FirstWait | undefined {
  const { unacknowledged, retransmissionTimeout, retransmits, roundTrip } = look
  if (unacknowledged <= 0 || retransmissionTimeout < 0) return undefined
  if (retransmits <= 0) return { retransmissionTimeout, roundTrip }
  const first = retransmissionTimeout / 2 ** retransmits
  return { retransmissionTimeout: Math.max(before?.retransmissionTimeout ?? 0, first), roundTrip }
}

/**
 * The solved user timeout, or the one with which a write still keeps its deadline (`latestWrite` in settings/detection.ts).
 *
 * It is never so short that the kernel gives up before an answer to a retransmission can come. A loss may be noticed before the retransmission
 * timeout, by acknowledgements of later data. The user timeout counts from then on, and the next retransmission comes one
 * retransmission timeout later.
 *
 * @param rtoMax TCP_RTO_MAX_MS, `Infinity` without it
 */
export function shortened(
  solvedMs: number,
  wait: FirstWait | undefined,
  deadlineMs: number,
  rtoMax: number,
): number {
  if (wait === undefined) return solvedMs
  const first = Math.min(wait.retransmissionTimeout, rtoMax)
  const leftMs = deadlineMs - latestFirstRetransmission(first, wait.roundTrip)
  const untilLastWait = Math.max(leftMs - rtoMax / 8, (16 * leftMs - 2 * first) / 17, (8 * leftMs) / 9)
  const leastMs = (first * 9) / 8 + rtoMaxFor(deadlineMs)
  return Math.min(solvedMs, Math.floor(Math.max(leastMs, untilLastWait)))
}
