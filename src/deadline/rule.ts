/**
 * The rule of lifting: decides the user timeout of a connection from what the kernel reports. Pure; sweep.ts reads and acts. While it is
 * not lifted, it may be shortened (shortened.ts).
 *
 * Linux counts TCP_USER_TIMEOUT also while a living peer keeps its window closed, from the first window probe on
 * (`icsk_probes_tstamp`, tcp_probe_timer() in net/ipv4/tcp_timer.c). Answers to probes do not stop that clock. The window
 * stops it only by opening so far that the whole next buffer fits (tcp_ack_probe() in net/ipv4/tcp_input.c). If it opens
 * less, the kernel sends segments, but the clock runs on, even after everything is acknowledged. When the window closes
 * again minutes later, the kernel drops the peer at the first probe, after 0.2 s. No option shows whether the clock runs.
 * So the user timeout is lifted (set to 0, or to a very long one) once the window has been closed, and stays lifted. It is also
 * lifted if the peer answers but takes no data, because its kernel has no memory, or takes only a part of what is retransmitted.
 * __test__/deadline has a model of the kernel, which shows that simpler rules drop living peers.
 */
import { rtoMaxFor } from '../settings/detect-within.ts'
import { type Bound, boundFor } from './bound.ts'
import { isDrained, isRepairing, isReported, isSentAgain, type Look, type Stage } from './look.ts'
import { patienceOf } from './patience.ts'
import { type FirstWait, firstWaitOf, shortened } from './shortened.ts'

/**
 * Once the window has been closed for this long, the kernel's clock may run. The clock starts at the first probe, which is
 * sent after 0.2 s at the earliest (tcp_probe0_base() in include/net/tcp.h).
 */
const CLOCK_MAY_RUN_MS = 100

/** How often each connection is looked at within its deadline. */
export const LOOKS_PER_DEADLINE = 10

/** The clocks of Node and of the kernel are not read at the same moment. So a silence that has grown by this share of the time still lasts. */
const ROUNDED = 0.9

/** The kernel counts the silence in ticks of up to 10 ms (CONFIG_HZ). */
const TICK_MS = 10

/**
 * The silence after which a peer may seem dead, as a share of the deadline. The first look comes up to a tenth of the deadline after a
 * write, the look that sees this silence up to another tenth after it, and the kernel's next timer within a fifth
 * ({@link rtoMaxFor}), or an eighth later than that. So the connection ends before the deadline. Looks come each tenth, so this is seen
 * at the sixth look, even if one look is late by a twentieth of the deadline.
 */
const SILENCE = 0.55

/**
 * How many probes must be unanswered before a peer may seem dead. A count alone does not show a death: the first probes
 * follow each other within 0.2 s, and at 10 % loss such a rule dropped five of 24 living peers. Silence alone does not show
 * it either: without TCP_RTO_MAX_MS, the kernel waits up to 120 s between two probes. The last probe may still be on its
 * way, so a count of four means that three are surely unanswered.
 */
const UNANSWERED_PROBES = 4

/**
 * The same for probes at the longest distance, which is a fifth of the deadline, or an eighth more than that. After this
 * silence three of them were sent, and the peer has had time to answer the third. The kernel acts at the fourth.
 */
const [SILENCE_OF_SPARSE_PROBES, UNANSWERED_SPARSE_PROBES] = [0.69, 3]

/** The states in which data may wait to be sent: established, FIN wait 1, close wait, closing, last ACK. */
const CAN_SEND: ReadonlySet<number> = new Set([4, 5, 7, 8, 9])

/** The states from which on the peer sends no more data: close wait, closing, last ACK. */
const PEER_HAS_ENDED = 7

/**
 * The user timeout to set, in milliseconds. That of `condemned` has passed at the kernel's next timer, because the kernel's clock
 * started within a fifth of the deadline after the last answer. A much shorter one, such as 1 ms, would drop a peer that does
 * answer before the next look: the kernel would end the connection at the second probe.
 */
export function userTimeoutOf(
  { stage, patienceMs, firstWait }: Memory,
  deadlineMs: number,
  solvedMs: number,
  rtoMaxMs: number,
): number {
  if (stage === 'solved') return shortened(solvedMs, firstWait, deadlineMs, rtoMaxMs)
  if (stage === 'condemned') return rtoMaxFor(deadlineMs)
  return patienceMs
}

/** What the rule remembers about a connection from one look to the next. */
export interface Memory {
  readonly stage: Stage
  readonly bound: Bound
  /**
   * When the kernel's clocks (`icsk_probes_tstamp`, `retrans_stamp`) may have started at the earliest: a deadline before the lifting, as the
   * solved user timeout was in force until then. `undefined` while it is not lifted.
   */
  readonly clocksSince: number | undefined
  /** Since when each look has seen data in flight. */
  readonly inFlightSince: number | undefined
  /** How much was acknowledged when data in flight was last seen retransmitted. */
  readonly retriedAt: number | undefined
  /** Whether a loss was being repaired at the last look. */
  readonly wasRepairing: boolean
  /** How long the kernel waits before it first retransmits the data in flight (shortened.ts); `undefined` without such data. */
  readonly firstWait: FirstWait | undefined
  /** The user timeout while lifted: 0, or a very long one (patience.ts). */
  readonly patienceMs: number
  /**
   * How long the peer had been silent when data was first seen pending. That silence does not count, because the peer had
   * nothing to answer. `undefined` while nothing is pending.
   */
  readonly silentBefore: number | undefined
  /** When the last look was; `undefined` before the first. */
  readonly lookedAt: number | undefined
  /** How long the peer had been silent at the last look. */
  readonly silentFor: number
  /** How much the peer had acknowledged at the last look. */
  readonly acknowledged: number
  /** How many segments without data had been received at the last look; negative: not known. */
  readonly emptySegments: number
  /**
   * Since when data has been in flight, with an open window, without any acknowledgement or answer. `undefined` if that is
   * not the case.
   */
  readonly stuckSince: number | undefined
}

export const AT_FIRST: Memory = Object.freeze({
  stage: 'solved',
  bound: 'tight',
  clocksSince: undefined,
  inFlightSince: undefined,
  retriedAt: undefined,
  wasRepairing: false,
  firstWait: undefined,
  patienceMs: 0,
  silentBefore: undefined,
  lookedAt: undefined,
  silentFor: 0,
  acknowledged: 0,
  emptySegments: -1,
  stuckSince: undefined,
})

/**
 * Returns the memory after a look.
 *
 * `condemned` can become `lifted` again, because a peer may answer before the kernel's next timer. If the answer lets data
 * through, the kernel's clock starts again, and the next look lifts in time. If the window stays closed, the kernel ends the
 * connection at that answer. Such a peer left three probes unanswered, two of them for a fifth of the deadline.
 */
export function remember(
  before: Memory,
  look: Look,
  deadlineMs: number,
  now: number,
  began: number = now,
): Memory {
  if (!isReported(look)) return AT_FIRST // the kernel's own rule
  const { silentFor, acknowledged, emptySegments } = look
  const isAnswered = hasAnswered(before, look, began)
  const silentBefore = isDrained(look) ? undefined : silenceBefore(before, silentFor, began)
  const stuckSince = isStuck(look) ? stuckFrom(before, acknowledged, isAnswered, now) : undefined
  const silence = silentBefore === undefined ? undefined : (silentFor - silentBefore) / deadlineMs
  const stuck = stuckSince === undefined ? 0 : (now - stuckSince) / deadlineMs
  const wasTaken = acknowledged !== before.acknowledged
  const isRefused = isAnswered && isSentAgain(look) && !wasTaken
  const retriedAt = look.unacknowledged > 0 ? lastRetried(before, look) : undefined
  const isPartlyTaken =
    (before.retriedAt !== undefined && retriedAt !== undefined && retriedAt !== before.retriedAt) ||
    (before.wasRepairing && isRepairing(look) && wasTaken)
  const stage = nextStage(before.stage, look, { silence, stuck, isOutlasting: isRefused || isPartlyTaken })
  const clocksSince = stage === 'solved' ? undefined : (before.clocksSince ?? now - deadlineMs)
  const inFlightSince = look.unacknowledged > 0 ? (before.inFlightSince ?? now) : undefined
  return {
    stage,
    bound: boundFor(stage, look, deadlineMs),
    clocksSince,
    inFlightSince,
    retriedAt,
    wasRepairing: isRepairing(look),
    firstWait: firstWaitOf(wasTaken ? undefined : before.firstWait, look),
    patienceMs:
      stage === 'lifted' ? patienceOf(before, look, { clocksSince, inFlightSince, deadlineMs, now }) : 0,
    silentBefore,
    lookedAt: now,
    silentFor,
    acknowledged,
    emptySegments,
    stuckSince,
  }
}

/** Whether a connection that is not watched yet must be lifted from the start. */
export function isToBeLifted(look: Look, deadlineMs: number): boolean {
  return isSentAgain(look) || isRepairing(look) || remember(AT_FIRST, look, deadlineMs, 0).stage !== 'solved'
}

/**
 * What is still known of a lifted connection on which another deadline was set.
 *
 * @param patienceMs the user timeout that was set with it (`firstPatience`)
 * @param before `undefined` if the connection was not watched before
 */
export function lifted(patienceMs: number, before: Memory = AT_FIRST): Memory {
  const { clocksSince = Number.NEGATIVE_INFINITY, inFlightSince } = before
  const bound = before.bound === 'loose' ? 'loose' : 'tight'
  return { ...AT_FIRST, stage: 'lifted', bound, patienceMs, clocksSince, inFlightSince }
}

/**
 * Whether a living peer would have to acknowledge the data in flight. A peer with a window of 0 need not: it discards the data,
 * and answers.
 */
function isStuck({ unacknowledged, sendWindow, acknowledged }: Look): boolean {
  return unacknowledged > 0 && sendWindow !== 0 && acknowledged >= 0
}

function stuckFrom(before: Memory, acknowledged: number, isAnswered: boolean, now: number): number {
  return acknowledged === before.acknowledged && !isAnswered ? (before.stuckSince ?? now) : now
}

/**
 * Whether the peer has answered since the last look: a segment without data came, and it reset the silence. A peer that is out of
 * memory drops data, and answers each time with such a segment (ICSK_ACK_NOMEM and tcp_send_dupack(), net/ipv4/tcp_input.c). A peer
 * that does not receive our packets has nothing to acknowledge. It can still send data, and keepalive probes. A probe carries no
 * data either, but it resets no silence: tcp_validate_incoming() drops it before tcp_ack(), because its sequence number is old.
 * The end of its data (FIN) does both, and is sent again until it is acknowledged. So once that was received, nothing counts as an answer.
 */
function hasAnswered(before: Memory, { state, silentFor, emptySegments }: Look, began: number): boolean {
  // If nothing was pending at the last look, the segment may be older than the data. The last look may be minutes ago.
  if (state >= PEER_HAS_ENDED || before.silentBefore === undefined) return false
  if (emptySegments < 0 || before.emptySegments < 0 || emptySegments === before.emptySegments) return false
  return !isStillSilent(before, silentFor, began)
}

/** With data in flight: how much was acknowledged at the last retransmission that was seen. */
function lastRetried(before: Memory, { retransmits, acknowledged }: Look): number | undefined {
  return retransmits > 0 ? acknowledged : before.retriedAt
}

/** If the silence has not grown by the time since the last look, the peer was heard since then. */
function silenceBefore(before: Memory, silentFor: number, began: number): number {
  if (before.silentBefore === undefined) return silentFor
  return isStillSilent(before, silentFor, began) ? before.silentBefore : 0
}

/**
 * The time since the last look is measured. It is less than a tenth of the deadline if another connection has a shorter deadline. It counts
 * from the end of one look to the beginning of the next, because a process that is paused during a look would seem to have heard the peer.
 */
function isStillSilent(before: Memory, silentFor: number, began: number): boolean {
  const elapsedMs = began - (before.lookedAt ?? began)
  return silentFor - before.silentFor >= elapsedMs * ROUNDED - TICK_MS
}

interface Signs {
  /** The silence while data is pending, as a share of the deadline. */
  readonly silence: number | undefined
  /** The time without acknowledgement or answer, as a share of the deadline. */
  readonly stuck: number
  /**
   * Whether the peer answers retransmissions but takes no data, or takes a part and the rest is retransmitted: the user timeout counts
   * from the first retransmission, until everything is acknowledged that was in flight at the last one.
   */
  readonly isOutlasting: boolean
}

function nextStage(stage: Stage, look: Look, { silence, stuck, isOutlasting }: Signs): Stage {
  const isPending = silence !== undefined
  if (isPending && !CAN_SEND.has(look.state)) return stage
  const isDead = isPending && (seemsDead(look, silence) || seemsNotToHear(look, stuck))
  if (stage !== 'solved') return isDead ? 'condemned' : 'lifted'
  const hasBeenClosed = look.windowLimitedFor >= CLOCK_MAY_RUN_MS || (isPending && isClosed(look))
  return (hasBeenClosed || isOutlasting) && !isDead ? 'lifted' : 'solved'
}

/**
 * Whether the peer's window blocks sending. Unsent data with nothing in flight does not show this alone: it also occurs for
 * a moment with an open window (1-byte writes, TCP_NODELAY), and for long with TCP_CORK. So the window must also be too
 * small for the unsent data. A peer that is out of memory shrinks its window to 0 (tcp_select_window(),
 * net/ipv4/tcp_output.c); then the data in flight waits too.
 */
function isClosed({ unacknowledged, unsent, sendWindow }: Look): boolean {
  if (sendWindow === 0) return true
  return unacknowledged === 0 && unsent > 0 && sendWindow < unsent
}

/**
 * Whether the silence shows that the peer is dead. With data in flight, the kernel must have retransmitted. If the window
 * was shrunk to 0, the kernel probes it by retransmissions that it does not count (tcp_retransmit_timer()).
 *
 * @param silence the silence while data is pending, as a share of the deadline
 */
function seemsDead(look: Look, silence: number): boolean {
  const { unacknowledged, unansweredProbes, retransmits, sendWindow } = look
  if (silence < SILENCE) return false
  if (unacknowledged > 0) return retransmits > 0 || sendWindow === 0
  if (unansweredProbes >= UNANSWERED_PROBES) return true
  return silence >= SILENCE_OF_SPARSE_PROBES && unansweredProbes >= UNANSWERED_SPARSE_PROBES
}

/**
 * Detects a path that is broken in one direction: the peer's packets arrive, but ours do not reach it. The peer's packets, even
 * its retransmissions, end every silence (tcp_ack() in net/ipv4/tcp_input.c), so silence cannot detect this. The kernel's user
 * timeout can: it counts from the first retransmission on (`retrans_stamp`).
 */
function seemsNotToHear({ retransmits }: Look, stuck: number): boolean {
  return retransmits > 0 && stuck >= SILENCE
}
