/** Decides TCP_RTO_MAX_MS, which limits the time between the kernel's timers. Pure, like the rule. */
import type { Look, Stage } from './look.ts'

/**
 * The value of TCP_RTO_MAX_MS:
 * - `none`: its earlier value, because the kernel's waits are short enough
 * - `tight`: a fifth of the deadline
 * - `loose`: three tenths of the deadline
 */
export type Bound = 'none' | 'tight' | 'loose'

/**
 * From this wait on, as a share of the deadline, the kernel's timers must be bounded (`rtoMaxFor`), because each wait is twice as
 * long as the one before. A shorter wait may double once before the next look, and one half as long twice. With data in flight that
 * is at most a fifth, which is the bound. From 0.12 on the model sometimes drops a living peer.
 */
const LONG_WAIT_IN_FLIGHT = 0.1

/** The same for probes. The first is then sent after 0.28 of the deadline, the third after 0.68, and the end comes after 0.88. */
const LONG_WAIT_FOR_PROBE = 0.14

/** The least that the kernel adds to the round trip for the retransmission timeout: TCP_RTO_MIN, include/net/tcp.h. */
const RTO_MIN_MS = 200

/**
 * Whether the kernel's timers are short until the first look even without TCP_RTO_MAX_MS. If so, the option is set only at that look,
 * which saves a system call for connections that end before. The kernel measures its first round trip R in the handshake. It retransmits
 * after R + max(2R, 200 ms) (tcp_rtt_estimator(), net/ipv4/tcp_input.c), a time that may double once before that look. After a lost SYN
 * or SYN-ACK the time is 3 s, but then the handshake has taken at least 1 s (TCP_TIMEOUT_INIT).
 *
 * @param handshakeMs from the attempt to connect until 'connect': at least one round trip
 */
export function isQuickHandshake(handshakeMs: number, deadlineMs: number): boolean {
  return handshakeMs + Math.max(2 * handshakeMs, RTO_MIN_MS) < LONG_WAIT_IN_FLIGHT * deadlineMs
}

/** The shortest wait for a window probe, and how often it is doubled at most: tcp_probe0_base(), tcp_probe0_when(), include/net/tcp.h. */
const [SHORTEST_PROBE_WAIT_MS, MOST_DOUBLINGS] = [200, 10]

/**
 * An answer is overdue after this many retransmission timeouts of silence. A retransmission may be late by an eighth, and its
 * answer may take another eighth.
 */
const OVERDUE = 1.25

/**
 * While the user timeout is lifted, TCP_RTO_MAX_MS is lowered only once the kernel's own waits become too long. The reason: a program
 * may end by a signal, and then no code can reset the option. The kernel then drops the connection at the first wait that is not
 * shorter than TCP_RTO_MAX_MS (`alive` in tcp_probe_timer()), even if the peer answers. A change of the option does not affect a timer
 * that is already armed.
 *
 * If the peer has shrunk its window to 0, the kernel drops it after a silence of twice TCP_RTO_MAX_MS (tcp_rtx_probe0_timed_out()). At
 * the tight bound, one lost answer makes such a silence. So the bound is loose while an answer is overdue. Two more retransmissions
 * are then still sent, and the wait after them ends at nine tenths of the deadline at the latest.
 */
export function boundFor(stage: Stage, look: Look, deadlineMs: number): Bound {
  const { unacknowledged, retransmissionTimeout, backoff, sendWindow, silentFor } = look
  if (stage !== 'lifted' || retransmissionTimeout < 0 || backoff < 0) return 'tight'
  // With data in flight, the kernel doubles the retransmission timeout itself (tcp_retransmit_timer()).
  if (unacknowledged > 0) {
    if (retransmissionTimeout < LONG_WAIT_IN_FLIGHT * deadlineMs) return 'none'
    return sendWindow === 0 && silentFor > OVERDUE * retransmissionTimeout ? 'loose' : 'tight'
  }
  const shortest = Math.max(retransmissionTimeout, SHORTEST_PROBE_WAIT_MS)
  const wait = shortest * 2 ** Math.min(backoff, MOST_DOUBLINGS)
  return wait < LONG_WAIT_FOR_PROBE * deadlineMs ? 'none' : 'tight'
}
