/**
 * The rule of lifting: what a look at a connection says about its user timeout. Pure; sweep.ts looks and acts.
 *
 * Linux counts TCP_USER_TIMEOUT also while a living peer keeps its window closed, from the first window probe on
 * (`icsk_probes_tstamp`, tcp_probe_timer() in net/ipv4/tcp_timer.c). Answers do not stop that clock, and neither does an
 * opening too small for the next segment (tcp_ack_probe() in net/ipv4/tcp_input.c). So the user timeout is lifted (0)
 * while the window is closed. To push it ahead instead kills slow readers: __test__/deadline/naive.test.ts shows it.
 */

/**
 * Which user timeout is in force:
 * - `solved`: the one that `detectWithin` solves for
 * - `lifted`: none, as the peer's window is closed
 * - `condemned`: a short one, as the peer is taken for dead; the kernel ends the connection at its next timer
 */
export type Stage = 'solved' | 'lifted' | 'condemned'

/** What TCP_INFO says of a connection at a look; negative: not known. */
export interface Look {
  /** In the binding's numbers: see {@link CAN_SEND}. */
  readonly state: number
  /** Segments in flight. */
  readonly unacknowledged: number
  /** Bytes in the send buffer that were never sent. */
  readonly unsent: number
  /** Window probes since anything came from the peer. One that is just on its way counts too. */
  readonly unansweredProbes: number
  /** How often in a row the oldest segment was sent again after a timeout. */
  readonly retransmits: number
  /** Milliseconds since the last acknowledgement. Any segment of the peer carries one. */
  readonly silentFor: number
  /** Bytes that the peer's window has room for (`tcpi_snd_wnd`, Linux 5.4). */
  readonly sendWindow: number
}

/** How often each connection is looked at within its deadline. */
export const LOOKS_PER_DEADLINE = 10

/**
 * The silence after which a peer may be taken for dead while data is in flight, as a share of the deadline. A tenth is added
 * until the next look, and the kernel's next timer comes after a fifth ({@link rtoMaxFor}), which may be late by an eighth.
 */
const SILENCE_IN_FLIGHT = 0.6

/**
 * The same while the window is probed. The third probe comes after three fifths at the earliest, or an eighth later; at
 * this silence its answer has had time to arrive. The look after it still comes before the fourth, at which the
 * kernel acts.
 */
const SILENCE_OF_PROBES = 0.69

/**
 * The first probes follow each other within 0.2 s, so a count alone is no sign of death: at 10 % loss it dropped five
 * of 24 living peers. Nor is silence alone: without TCP_RTO_MAX_MS a living peer is not even asked for up to 120 s.
 */
const UNANSWERED_PROBES = 3

/** TCP_RTO_MAX_MS takes 1,000 to 120,000 (include/net/tcp.h: TCP_RTO_MAX_SEC; Linux 6.15). */
const [SHORTEST_RTO_MAX_MS, LONGEST_RTO_MAX_MS] = [1000, 120_000]

/** Established, FIN wait 1, close wait, closing, last ACK: the states in which data may wait to be sent. */
const CAN_SEND: ReadonlySet<number> = new Set([4, 5, 7, 8, 9])

/** The longest time between two window probes or retransmissions that goes with a deadline, for TCP_RTO_MAX_MS. */
export function rtoMaxFor(deadlineMs: number): number {
  return Math.min(LONGEST_RTO_MAX_MS, Math.max(SHORTEST_RTO_MAX_MS, Math.round(deadlineMs / 5)))
}

/**
 * The user timeout of a stage, in milliseconds. That of `condemned` has passed at the kernel's next timer, as the kernel's
 * clock started a fifth of the deadline after the last answer at the latest. With a shorter one, as 1 ms, a peer that
 * answers after all would be dropped before the next look: the kernel would end it at the second probe.
 */
export function userTimeoutOf(stage: Stage, deadlineMs: number, solvedMs: number): number {
  if (stage === 'solved') return solvedMs
  return stage === 'lifted' ? 0 : rtoMaxFor(deadlineMs)
}

/** Whether the kernel tells what the rule needs; a sandbox, or Linux before 4.6, does not. */
export function isTold({ state, unacknowledged, unsent, silentFor }: Look): boolean {
  return state >= 0 && unacknowledged >= 0 && unsent >= 0 && silentFor >= 0
}

/** Whether everything is sent and acknowledged. */
export function isDrained({ unacknowledged, unsent }: Look): boolean {
  return unacknowledged === 0 && unsent === 0
}

/**
 * The stage after a look.
 *
 * From `condemned` there is a way back: a peer may answer before the kernel's next timer. Where the answer lets data through,
 * the kernel's clock starts anew, and the next look lifts again in time. Where the window was closed and stays so, the
 * kernel ends the connection at that answer: it left three probes unanswered, two of them for a fifth of the deadline.
 */
export function nextStage(stage: Stage, look: Look, deadlineMs: number): Stage {
  if (!isTold(look)) return 'solved' // the kernel's own rule
  // On an empty queue the kernel sets its clock back: nothing of the closing counts when data is sent again.
  if (isDrained(look)) return 'solved'
  if (!CAN_SEND.has(look.state)) return stage
  const isDead = seemsDead(look, deadlineMs)
  if (stage === 'solved') return isClosed(look) && !isDead ? 'lifted' : 'solved'
  return isDead ? 'condemned' : 'lifted'
}

/**
 * Whether the peer's window is what keeps data back. Nothing in flight and something unsent is also seen for a moment
 * with an open window (1-byte writes, TCP_NODELAY), or for long with TCP_CORK; a window that has room for all of it is
 * not closed. A peer that is out of memory takes back the window that it gave (tcp_select_window(),
 * net/ipv4/tcp_output.c): then what is in flight waits for it too.
 */
function isClosed({ unacknowledged, unsent, sendWindow }: Look): boolean {
  if (sendWindow === 0) return true
  return unacknowledged === 0 && unsent > 0 && sendWindow < unsent
}

/**
 * In flight a retransmission must have been tried: a program that was busy for long may have written only just before
 * the look. A window taken back is probed by retransmissions that the kernel does not count (tcp_retransmit_timer()).
 */
function seemsDead(look: Look, deadlineMs: number): boolean {
  const { unacknowledged, unansweredProbes, retransmits, silentFor, sendWindow } = look
  if (unacknowledged > 0) {
    return silentFor >= deadlineMs * SILENCE_IN_FLIGHT && (retransmits > 0 || sendWindow === 0)
  }
  return silentFor >= deadlineMs * SILENCE_OF_PROBES && unansweredProbes >= UNANSWERED_PROBES
}
