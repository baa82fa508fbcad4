/** TCP_RTO_MAX_MS beside the user timeout: how long the kernel's own waits may be. Pure, as the rule is. */
import type { Look, Stage } from './look.ts'

/**
 * What TCP_RTO_MAX_MS is:
 * - `none`: what it was before, as the kernel's waits are short by themselves
 * - `tight`: a fifth of the deadline
 * - `loose`: three tenths
 */
export type Bound = 'none' | 'tight' | 'loose'

/**
 * From this wait on, as a share of the deadline, the kernel's timers have to be bounded (`rtoMaxFor`), as the next wait is twice as
 * long. A shorter one may double once before the next look, and one of half as long twice. In flight that comes to no more than
 * the bound, a fifth; from 0.12 on the model drops a living peer now and then.
 */
const LONG_WAIT_IN_FLIGHT = 0.1

/** So a first probe comes after 0.28 of the deadline, the third after 0.68, and the end after 0.88: each may be late by an eighth. */
const LONG_WAIT_FOR_PROBE = 0.14

/** The shortest retransmission timeout beyond the round trip: TCP_RTO_MIN, include/net/tcp.h. */
const RTO_MIN_MS = 200

/**
 * Whether the time between the kernel's timers is short by itself until the first look, so that TCP_RTO_MAX_MS can wait for it: a connection
 * that has ended by then costs a system call less. The kernel takes the handshake for its first round trip R, and from then on sends
 * again after R + max(2R, 200 ms) (tcp_rtt_estimator(), net/ipv4/tcp_input.c), which may double once before that look. After a lost SYN or
 * SYN-ACK that is 3 s, but then the handshake has taken 1 s (TCP_TIMEOUT_INIT).
 *
 * @param handshakeMs from the attempt to connect until the program was told that it has succeeded: no shorter than the round trip
 */
export function isQuickHandshake(handshakeMs: number, deadlineMs: number): boolean {
  return handshakeMs + Math.max(2 * handshakeMs, RTO_MIN_MS) < LONG_WAIT_IN_FLIGHT * deadlineMs
}

/** tcp_probe0_base() and tcp_probe0_when(), include/net/tcp.h: the shortest wait, and how often it is doubled at most. */
const [SHORTEST_PROBE_WAIT_MS, MOST_DOUBLINGS] = [200, 10]

/**
 * A retransmission that comes an eighth late, and is answered within another eighth, ends a silence of this many retransmission
 * timeouts.
 */
const OVERDUE = 1.25

/**
 * While the user timeout is lifted, only once the kernel's own waits become too long. A program may end by a signal, when nothing can put
 * the system's value back; the kernel then gives the connection up at the first wait that is not shorter than TCP_RTO_MAX_MS
 * (`alive` in tcp_probe_timer()), though the peer answers. An armed timer stays as it is when the option changes.
 *
 * Where the window was taken back, the kernel gives up once the peer has been silent for more than twice TCP_RTO_MAX_MS
 * (tcp_rtx_probe0_timed_out()). At the tight bound one lost answer is enough for that. So it is loose while an answer is overdue: the
 * next two retransmissions are still sent, and the wait after them ends at nine tenths of the deadline at the latest.
 */
export function boundFor(stage: Stage, look: Look, deadlineMs: number): Bound {
  const { unacknowledged, retransmissionTimeout, backoff, sendWindow, silentFor } = look
  if (stage !== 'lifted' || retransmissionTimeout < 0 || backoff < 0) return 'tight'
  // In flight it is doubled itself (tcp_retransmit_timer()).
  if (unacknowledged > 0) {
    if (retransmissionTimeout < LONG_WAIT_IN_FLIGHT * deadlineMs) return 'none'
    return sendWindow === 0 && silentFor > OVERDUE * retransmissionTimeout ? 'loose' : 'tight'
  }
  const shortest = Math.max(retransmissionTimeout, SHORTEST_PROBE_WAIT_MS)
  const wait = shortest * 2 ** Math.min(backoff, MOST_DOUBLINGS)
  return wait < LONG_WAIT_FOR_PROBE * deadlineMs ? 'none' : 'tight'
}
