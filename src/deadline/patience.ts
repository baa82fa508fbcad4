/**
 * The user timeout of a connection while it is lifted. 0 would do if Linux did not give up by itself after some retransmissions. Pure, like
 * the rule.
 */
import { patienceAfter } from '../settings/detect-within.ts'
import { isSentAgain, type Look } from './look.ts'

/**
 * With data in flight for so long, or for half the deadline, the user timeout must not be 0. Even with `net.ipv4.tcp_retries2` at 8 instead of
 * 15, Linux gives up no sooner than after 1.4 deadlines, or after 100 s.
 */
const LONGEST_SURE_MS = 30_000

/** What was known before the look. */
interface Before {
  readonly patienceMs: number
}

/** Times by one clock, in milliseconds. */
interface Times {
  /** When the kernel's clocks may have started at the earliest. */
  readonly clocksSince: number | undefined
  /** Since when each look has seen data in flight. */
  readonly inFlightSince: number | undefined
  readonly deadlineMs: number
  readonly now: number
}

/** The user timeout after a look at a lifted connection: 0, or a very long one. */
export function patienceOf(before: Before, look: Look, times: Times): number {
  const { clocksSince, inFlightSince, deadlineMs, now } = times
  if (!isOldInFlight(before, look, now - (inFlightSince ?? now), deadlineMs)) return 0
  return patienceAfter(now - (clocksSince ?? now))
}

/** The user timeout with which a lifted connection begins: the longest if the kernel's clocks may run since any time. */
export function firstPatience({ unacknowledged }: Look): number {
  return unacknowledged > 0 ? patienceAfter(Number.POSITIVE_INFINITY) : 0
}

/**
 * Whether the kernel may have retransmitted for so long that it would give up. With a user timeout of 0 it does so after
 * `net.ipv4.tcp_retries2` retransmissions, whatever the peer answers, and TCP_RTO_MAX_MS shortens the time between these
 * (tcp_model_timeout(), net/ipv4/tcp_timer.c): with a deadline of 6 s, that is after 17 s. The time counts from the first retransmission
 * (`retrans_stamp`), and on until everything is acknowledged that was in flight at the last one. No option shows it:
 * `tcpi_retransmits` starts again at each acknowledgement, and does not count while the peer's window is taken back. So it is taken to run
 * while each look sees data in flight.
 *
 * @param inFlightMs for how long each look has seen data in flight
 */
function isOldInFlight(before: Before, look: Look, inFlightMs: number, deadlineMs: number): boolean {
  if (look.unacknowledged === 0) return false
  if (before.patienceMs > 0 || isSentAgain(look)) return true
  return inFlightMs >= Math.min(deadlineMs / 2, LONGEST_SURE_MS)
}
