/**
 * The rule of lifting: decides the user timeout of a connection from what the kernel reports. Pure; sweep.ts reads and acts.
 *
 * Linux counts TCP_USER_TIMEOUT also while a living peer keeps its window closed, from the first window probe on
 * (`icsk_probes_tstamp`, tcp_probe_timer() in net/ipv4/tcp_timer.c). Answers do not stop that clock. An opening does only
 * where the whole next buffer fits into it (tcp_ack_probe() in net/ipv4/tcp_input.c); into a smaller one the kernel sends
 * segments while the clock runs on, even after all is acknowledged: when the window closes again, minutes later,
 * the kernel drops the peer at the first probe, after 0.2 s. So the user timeout is lifted (0) once the window has been
 * closed, and stays so: nothing tells whether the clock stands still. __test__/deadline has a model of the kernel, and
 * shows that rules which look simpler drop living peers.
 */

import { rtoMaxFor } from '../settings/detect-within.ts'

export { rtoMaxFor }

/**
 * Which user timeout is in force:
 * - `solved`: the one that `detectWithin` solves for
 * - `lifted`: none, as the peer's window is closed, or has been
 * - `condemned`: a short one, as the peer is taken for dead; the kernel ends the connection at its next timer
 */
export type Stage = 'solved' | 'lifted' | 'condemned'

/** The TCP_INFO of a connection at one sweep; negative: not known. */
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
  /** Milliseconds in all for which the peer's window has kept data back (`tcpi_rwnd_limited`, Linux 4.10). */
  readonly windowLimitedFor: number
  /** Milliseconds after which what is in flight is sent again; doubled each time that it is. */
  readonly retransmissionTimeout: number
  /** How often the wait for the next window probe has been doubled. */
  readonly backoff: number
  /** How much the peer has acknowledged, in bytes modulo 2³¹ (`tcpi_bytes_acked`, Linux 4.1). */
  readonly acknowledged: number
}

/**
 * After this much closing the kernel's clock may run: it starts at the first probe, which comes after 0.2 s at the earliest
 * (tcp_probe0_base() in include/net/tcp.h).
 */
const CLOCK_MAY_RUN_MS = 100

/** How often each connection is looked at within its deadline. */
export const LOOKS_PER_DEADLINE = 10

/** The time between two looks may be rounded, by libuv as by the kernel, to so much of it. */
const ROUNDED = 0.9

/**
 * The silence after which a peer may be taken for dead, as a share of the deadline: six looks, whose distance may be
 * rounded. With a tenth until the next look, and the kernel's next timer after a fifth ({@link rtoMaxFor}), which may be
 * late by an eighth, the end comes before the deadline.
 */
const SILENCE = 0.59

/**
 * The first probes follow each other within 0.2 s, so a count alone is no sign of death: at 10 % loss it dropped five
 * of 24 living peers. Nor is silence alone: without TCP_RTO_MAX_MS a living peer is not even asked for up to 120 s. The
 * last probe may be just on its way, so three that are surely unanswered are four.
 */
const UNANSWERED_PROBES = 4

/**
 * Probes that follow each other at the longest distance, a fifth of the deadline or an eighth more, are three after this
 * silence, and the third has had time to be answered. The fourth, at which the kernel acts, is still to come.
 */
const [SILENCE_OF_SPARSE_PROBES, UNANSWERED_SPARSE_PROBES] = [0.69, 3]

/**
 * From this wait on, as a share of the deadline, the kernel's timers have to be bounded ({@link rtoMaxFor}), as the next wait is twice as
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

/** Established, FIN wait 1, close wait, closing, last ACK: the states in which data may wait to be sent. */
const CAN_SEND: ReadonlySet<number> = new Set([4, 5, 7, 8, 9])

/**
 * The user timeout of a stage, in milliseconds. That of `condemned` has passed at the kernel's next timer, as the kernel's
 * clock started a fifth of the deadline after the last answer at the latest. With a shorter one, as 1 ms, a peer that
 * answers after all would be dropped before the next look: the kernel would end it at the second probe.
 */
export function userTimeoutOf(stage: Stage, deadlineMs: number, solvedMs: number): number {
  if (stage === 'solved') return solvedMs
  return stage === 'lifted' ? 0 : rtoMaxFor(deadlineMs)
}

/** Whether the kernel reports what the rule needs; a sandbox, or Linux before 4.6, does not. */
export function isTold({ state, unacknowledged, unsent, silentFor }: Look): boolean {
  return state >= 0 && unacknowledged >= 0 && unsent >= 0 && silentFor >= 0
}

/** Whether everything is sent and acknowledged. */
export function isDrained({ unacknowledged, unsent }: Look): boolean {
  return unacknowledged === 0 && unsent === 0
}

/** What the rule remembers of a connection from one look to the next. */
export interface Memory {
  readonly stage: Stage
  /** Whether TCP_RTO_MAX_MS bounds the time between the kernel's timers: see {@link mustBeBounded}. */
  readonly isBounded: boolean
  /**
   * How long the peer had been silent when something was seen pending first: that it said nothing while nothing was asked of
   * it is no sign of death. `undefined` while nothing is pending.
   */
  readonly silentBefore: number | undefined
  /** How long the peer had been silent at the last look. */
  readonly silentFor: number
  /** How much the peer had acknowledged at the last look. */
  readonly acknowledged: number
  /**
   * When something was first seen in flight, with an open window, of which nothing has been acknowledged since.
   * `undefined` while there is no such thing.
   */
  readonly stuckSince: number | undefined
}

export const AT_FIRST: Memory = Object.freeze({
  stage: 'solved',
  isBounded: true,
  silentBefore: undefined,
  silentFor: 0,
  acknowledged: 0,
  stuckSince: undefined,
})

/**
 * What a look adds.
 *
 * From `condemned` there is a way back: a peer may answer before the kernel's next timer. Where the answer lets data through,
 * the kernel counts anew, and the next look lifts again in time. Where the window was closed and stays so, the
 * kernel ends the connection at that answer: it left three probes unanswered, two of them for a fifth of the deadline.
 */
export function remember(before: Memory, look: Look, deadlineMs: number, now: number): Memory {
  if (!isTold(look)) return AT_FIRST // the kernel's own rule
  const { silentFor, acknowledged } = look
  const silentBefore = isDrained(look) ? undefined : silenceBefore(before, silentFor, deadlineMs)
  const stuckSince = isStuck(look) ? stuckFrom(before, acknowledged, now) : undefined
  const silence = silentBefore === undefined ? undefined : (silentFor - silentBefore) / deadlineMs
  const stuck = stuckSince === undefined ? 0 : (now - stuckSince) / deadlineMs
  const stage = nextStage(before.stage, look, silence, stuck)
  return {
    stage,
    isBounded: mustBeBounded(stage, look, deadlineMs),
    silentBefore,
    silentFor,
    acknowledged,
    stuckSince,
  }
}

/**
 * Whether what is in flight has to be acknowledged by a peer that lives. One that has taken its window back takes nothing, and
 * answers.
 */
function isStuck({ unacknowledged, sendWindow, acknowledged }: Look): boolean {
  return unacknowledged > 0 && sendWindow !== 0 && acknowledged >= 0
}

function stuckFrom(before: Memory, acknowledged: number, now: number): number {
  return acknowledged === before.acknowledged ? (before.stuckSince ?? now) : now
}

/**
 * Whether TCP_RTO_MAX_MS must be a fifth of the deadline. While the user timeout is lifted, only once the kernel's own waits become too
 * long. A program may end by a signal, when nothing can put the system's value back; the kernel then gives the connection
 * up at the first wait that is not shorter than TCP_RTO_MAX_MS (`alive` in tcp_probe_timer()), though the peer answers. An
 * armed timer stays as it is when the option changes.
 */
function mustBeBounded(stage: Stage, look: Look, deadlineMs: number): boolean {
  const { unacknowledged, retransmissionTimeout, backoff } = look
  if (stage !== 'lifted' || retransmissionTimeout < 0 || backoff < 0) return true
  // In flight it is doubled itself (tcp_retransmit_timer()).
  if (unacknowledged > 0) return retransmissionTimeout >= LONG_WAIT_IN_FLIGHT * deadlineMs
  const shortest = Math.max(retransmissionTimeout, SHORTEST_PROBE_WAIT_MS)
  const wait = shortest * 2 ** Math.min(backoff, MOST_DOUBLINGS)
  return wait >= LONG_WAIT_FOR_PROBE * deadlineMs
}

/** A silence that has not grown by the time between two looks began after the last. */
function silenceBefore(before: Memory, silentFor: number, deadlineMs: number): number {
  if (before.silentBefore === undefined) return silentFor
  const hasGrown = silentFor - before.silentFor >= (deadlineMs / LOOKS_PER_DEADLINE) * ROUNDED
  return hasGrown ? before.silentBefore : 0
}

/** @param silence since something is pending; `stuck`: since nothing is acknowledged; both as shares of the deadline */
function nextStage(stage: Stage, look: Look, silence: number | undefined, stuck: number): Stage {
  const isPending = silence !== undefined
  if (isPending && !CAN_SEND.has(look.state)) return stage
  const isDead = isPending && (seemsDead(look, silence) || seemsNotToHear(look, stuck))
  if (stage !== 'solved') return isDead ? 'condemned' : 'lifted'
  const hasBeenClosed = look.windowLimitedFor >= CLOCK_MAY_RUN_MS || (isPending && isClosed(look))
  return hasBeenClosed && !isDead ? 'lifted' : 'solved'
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
 * In flight a retransmission must have been tried. A window taken back is probed by retransmissions that the kernel does
 * not count (tcp_retransmit_timer()).
 *
 * @param silence since something was pending, as a share of the deadline
 */
function seemsDead(look: Look, silence: number): boolean {
  const { unacknowledged, unansweredProbes, retransmits, sendWindow } = look
  if (silence < SILENCE) return false
  if (unacknowledged > 0) return retransmits > 0 || sendWindow === 0
  if (unansweredProbes >= UNANSWERED_PROBES) return true
  return silence >= SILENCE_OF_SPARSE_PROBES && unansweredProbes >= UNANSWERED_SPARSE_PROBES
}

/**
 * Detects a path that is broken in one direction: the peer's packets arrive, and ours do not reach it. Its packets, even mere
 * retransmissions, end every silence (tcp_ack() in net/ipv4/tcp_input.c). The kernel's user timeout is not affected by that: it
 * counts from the first retransmission on (`retrans_stamp`).
 */
function seemsNotToHear({ retransmits }: Look, stuck: number): boolean {
  return retransmits > 0 && stuck >= SILENCE
}
