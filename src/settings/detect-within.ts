/** The solver: from one deadline to the values that keep it. */
import type { Capabilities } from './capabilities.ts'
import { invalidArgType, milliseconds, outOfRange } from './errors.ts'

/** Less than this leaves no room for two probes and a late timer. */
const SHORTEST_MS = 5000

/** The time from a write to the first retransmission, at which the kernel's user timeout starts to count. */
export const IN_FLIGHT_LEAD_MS = 500

/** More probes do not help against loss; with fewer probes, loss ends a living connection more often. */
const MOST_RETRIES = 5

/** Of T: the time between two probes. */
const INTERVAL_SHARE = 10

/** The range of TCP_RTO_MAX_MS: from 1 s to TCP_RTO_MAX (net/ipv4/tcp.c, do_tcp_setsockopt()). */
const SHORTEST_RTO_MAX_MS = 1000
const LONGEST_RTO_MAX_MS = 120_000

/**
 * While TCP_RTO_MAX_MS limits nothing, it is set this much below its earlier value. So another process can distinguish a lifted user
 * timeout from one that was never set.
 */
const MARK_MS = 1000

/** What Linux's own rule comes to where nobody has changed it (net.ipv4.tcp_retries2 in Documentation/networking/ip-sysctl.rst). */
const PATIENCE_MS = 924_600

/** So many times that fit into TCP_USER_TIMEOUT. */
const MOST_PATIENCE = 2000

/** What a deadline comes to, in the kernel's units. */
export interface SolvedValues {
  readonly timeSeconds: number
  readonly intervalSeconds: number
  readonly retries: number
  readonly userTimeoutMs: number
  /** For TCP_RTO_MAX_MS, the longest time between two retransmissions: Linux 6.15 and newer. */
  readonly rtoMaxMs: number
}

/**
 * The values with which the kernel reports a dead peer at most `detectWithin` ms after its last packet, or after
 * the program's own write.
 *
 * A Linux timer may be late by an eighth of its length (kernel/time/timer.c: the wheel's levels have 64 buckets, and each level is
 * eight times coarser). So the values fill 8/9 of the deadline, rounded down: T whole seconds. The time between T and the
 * deadline is for that eighth. The probes take about the last half of T, a tenth of T apart. Before that
 * there are no probes; between the first and the last a living peer survives an outage of four intervals. The user timeout is less
 * than T: it takes effect at the time of the next probe, and for data in flight the kernel starts to count late. Two retransmissions
 * are at most a fifth of the deadline apart. That is soon enough to notice a peer that died with a closed window, and often enough to
 * survive an outage.
 *
 * @throws RangeError [ERR_OUT_OF_RANGE] that names the shortest and the longest deadline which these capabilities can keep
 */
export function solveDetectWithin(detectWithin: unknown, capabilities: Capabilities): SolvedValues {
  if (typeof detectWithin !== 'number') {
    throw invalidArgType('options.detectWithin', 'of type number (milliseconds)', detectWithin)
  }
  const longest = longestDeadline(capabilities)
  if (!(detectWithin >= SHORTEST_MS && detectWithin <= longest)) {
    const unit = milliseconds(detectWithin, 1000) // from 1000 on they are milliseconds, only too few
    throw outOfRange('options.detectWithin', `>= ${SHORTEST_MS} && <= ${longest} ${unit}`, detectWithin)
  }
  const total = Math.floor((8 * detectWithin) / 9 / 1000)
  const retries = Math.min(MOST_RETRIES, total - 1)
  const intervalSeconds = Math.max(1, Math.round(total / INTERVAL_SHARE))
  const { step } = capabilities.userTimeout
  return {
    timeSeconds: total - intervalSeconds * retries,
    intervalSeconds,
    retries,
    userTimeoutMs: Math.floor((total * 1000 - IN_FLIGHT_LEAD_MS) / step) * step,
    rtoMaxMs: rtoMaxFor(detectWithin),
  }
}

/** TCP_RTO_MAX_MS for a deadline: the longest time between two retransmissions. */
export function rtoMaxFor(detectWithin: number): number {
  return Math.min(LONGEST_RTO_MAX_MS, Math.max(SHORTEST_RTO_MAX_MS, Math.floor(detectWithin / 5)))
}

/** Each timer is rounded up to a tick of up to 10 ms (CONFIG_HZ). This is enough for five timers. */
const TICKS_MS = 50

/** How much longer than two round trips the kernel waits before a tail-loss probe if one segment is in flight (TCP_RTO_MIN). */
const DELAYED_ACK_MS = 200

/**
 * The latest time of the first retransmission after a write, in milliseconds. It comes a retransmission timeout after a tail-loss probe,
 * which comes after two round trips, or after a retransmission timeout if that is less (tcp_schedule_loss_probe(), net/ipv4/tcp_output.c).
 * Each timer may be late by an eighth.
 *
 * @param roundTrip negative: not known
 */
export function latestFirstRetransmission(retransmissionTimeout: number, roundTrip: number = -1): number {
  const probe = roundTrip < 0 ? retransmissionTimeout : 2 * (roundTrip + 1) + DELAYED_ACK_MS
  return ((Math.min(probe, retransmissionTimeout) + retransmissionTimeout) * 9) / 8 + TICKS_MS
}

/** TCP_RTO_MAX_MS while an answer is overdue from a peer that has shrunk its window to 0. */
export function looseRtoMaxFor(detectWithin: number): number {
  return Math.min(LONGEST_RTO_MAX_MS, Math.floor(detectWithin * 0.3))
}

/**
 * The user timeout of a lifted connection with data in flight for some time. It is always minutes longer than the kernel's clocks may have
 * run. If the program is killed and the peer takes nothing, the kernel keeps the connection for this long: 15 minutes plus at most twice
 * the time since the lifting, or 21 days if that time is not known.
 *
 * @param elapsedMs for how long the kernel's clocks may have run
 */
export function patienceAfter(elapsedMs: number): number {
  return PATIENCE_MS * Math.min(MOST_PATIENCE, 1 + Math.floor((2 * elapsedMs) / PATIENCE_MS))
}

/** Whether a user timeout is 0, or one that {@link patienceAfter} returns. */
export function isPatience(userTimeoutMs: number): boolean {
  return userTimeoutMs % PATIENCE_MS === 0
}

/**
 * TCP_RTO_MAX_MS while the user timeout is lifted and the kernel's timers need no bound: its earlier value, minus a mark.
 *
 * @param before its earlier value; negative if the system has no such option
 */
export function unboundedRtoMax(before: number, detectWithin: number): number {
  return before < 0 ? before : Math.max(before - MARK_MS, rtoMaxFor(detectWithin))
}

/** Whether TCP_RTO_MAX_MS shows only that there is a deadline, but not which. */
export function isUnboundedRtoMax(rtoMax: number, before: number): boolean {
  return rtoMax >= before - MARK_MS
}

/**
 * The longest deadline for which it and every shorter one have values within the limits, in milliseconds.
 *
 * The largest T in seconds for each value, then its deadline. The time is T - 5 × ⌊T/10 + ½⌋: for T = 10k + r that is
 * 5k + r, and 5 less from r = 5 on. So the first T whose time is 5k + r, with r < 5, is 10k + r.
 */
function longestDeadline({ time, userTimeout }: Capabilities): number {
  const tooMuch = time.max / 1000 + 1
  const byTime = Math.floor(tooMuch / 5) * 10 + (tooMuch % 5) - 1
  // Rounded down to its step, the user timeout is below the next step as long as what is rounded is.
  const byUserTimeout = Math.ceil((userTimeout.max + userTimeout.step + IN_FLIGHT_LEAD_MS) / 1000) - 1
  return (Math.min(byTime, byUserTimeout) * 1000 * 9) / 8
}
