/**
 * Shortens the solved user timeout if the first retransmission comes late. Linux counts the user timeout from there, and only checks it
 * when it retransmits. The retransmission timeout is long after a lost SYN-ACK (3 s), and after an outage in which the
 * acknowledgement was lost: the kernel takes the outage for the round trip. Pure, like the rule.
 */
import { latestFirstRetransmission, rtoMaxFor } from '../settings/detect-within.ts'
import type { Look } from './look.ts'

/**
 * The retransmission timeout of the data in flight, before the kernel doubled it. Where TCP_RTO_MAX_MS limits the doubling, this is less than
 * the real one, so the longest counts that was seen since the last acknowledgement.
 *
 * @param before what it was at the last look, if nothing was acknowledged since
 */
export function firstTimeoutOf(
  before: number,
  { unacknowledged, retransmissionTimeout, backoff }: Look,
): number {
  if (unacknowledged <= 0 || retransmissionTimeout < 0) return 0
  return Math.max(before, retransmissionTimeout / 2 ** Math.max(0, backoff))
}

/**
 * The solved user timeout, or the one with which a write still keeps its deadline (`latestWrite` in settings/detection.ts). It is long enough
 * for one retransmission before it ends the connection.
 *
 * @param rtoMax TCP_RTO_MAX_MS, `Infinity` without it
 */
export function shortened(
  solvedMs: number,
  firstTimeoutMs: number,
  deadlineMs: number,
  rtoMax: number,
): number {
  if (firstTimeoutMs === 0) return solvedMs
  const first = Math.min(firstTimeoutMs, rtoMax)
  const leftMs = deadlineMs - latestFirstRetransmission(first)
  const untilLastWait = Math.max(leftMs - rtoMax / 8, (16 * leftMs - 2 * first) / 17, (8 * leftMs) / 9)
  return Math.min(solvedMs, Math.max(rtoMaxFor(deadlineMs), Math.floor(untilLastWait)))
}
