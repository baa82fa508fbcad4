/** Which outages a living peer survives: when the kernel asks again, and when it gives up. */
import { capabilities, isLinux } from './capabilities.ts'
import { LINUX_DEFAULTS, probesUntilGivenUp, RETRANSMISSION_MS } from './detection.ts'
import type { KeepAlive } from './keepalive.ts'

/**
 * The longest outage that a living peer survives, in milliseconds: every shorter one, whenever it begins, even where
 * timers are late. `Infinity`: any. `undefined`: this system's rule is not known well enough to give a number.
 */
export interface Tolerance {
  /**
   * On an idle connection: the time from the first unanswered probe to the last that is sure to be sent. An outage that begins right
   * before the first must be over when the last is sent. `Infinity` with keepalive off. On macOS and FreeBSD for values that are
   * set at 'connect': a silence from before a later set counts, and takes a probe for each interval that it lasted.
   */
  readonly idle: number
  /**
   * With data in flight, for a round trip well under 0.2 s: the last retransmission that is sure to be sent before the
   * kernel gives up. For a deadline it counts on TCP_RTO_MAX_MS, which Linux has from 6.15 on: see `planKeepAlive`.
   */
  readonly write: number | undefined
  /** While connecting, with Linux's default settings: the last SYN that is sure to be sent before the kernel gives up. */
  readonly connect: number | undefined
}

/** TCP_RTO_MAX of include/net/tcp.h: retransmissions are never further apart. */
const RTO_MAX_MS = 120_000

/** TCP_RTO_MIN of include/net/tcp.h: when data is sent again for the first time, where the round trip is short. */
const FIRST_RETRANSMISSION_MS = 200

/**
 * TCP_TIMER_500MS_QUANTUM of bsd/netinet/tcp_timer.h: by so much each keepalive timer of xnu may be late. It gives up by the silence
 * and not by the count (tcp_timers(), TCPT_KEEP), and starts each timer when the one before has fired. So late ones add up, until
 * probes are not sent any more; the time from the first to the last is shorter by two of them then.
 */
const XNU_LATE_MS = 500

/** A Linux timer may be late by an eighth of its length: see `solveDetectWithin`. */
const LATEST = 9 / 8

/**
 * When Linux sends a SYN again, in milliseconds after the first: up to 6.4 each after twice the time of the one before;
 * from 6.5 on (net.ipv4.tcp_syn_linear_timeouts = 4) five of them a second apart first. Both end with the default
 * net.ipv4.tcp_syn_retries = 6.
 */
const SYN_SCHEDULES = [
  [0, 1000, 3000, 7000, 15_000, 31_000, 63_000],
  [0, 1000, 2000, 3000, 4000, 5000, 7000, 11_000, 19_000, 35_000, 67_000],
] as const

/**
 * Which outages a living peer survives with these values.
 *
 * @param rtoMaxMs the longest time between two retransmissions (TCP_RTO_MAX_MS); by default the kernel's own
 * @param platform the system that holds them, by `process.platform`
 */
export function toleranceOf(
  held: KeepAlive,
  rtoMaxMs: number = RTO_MAX_MS,
  platform: string = capabilities.platform,
): Tolerance {
  const { interval = LINUX_DEFAULTS.interval, userTimeout = 0 } = held
  const probes = probesUntilGivenUp(held, platform)
  const lost = platform === 'darwin' && probes * XNU_LATE_MS >= interval ? 2 * XNU_LATE_MS : 0
  // One interval less than there are probes: in the interval after the last probe no other is sent.
  const probing = Math.max(0, interval * (probes - 1) - lost)
  const idle = held.enabled ? probing : Number.POSITIVE_INFINITY
  if (!isLinux(platform)) return { idle, write: undefined, connect: undefined }
  return {
    idle,
    write: lastRetransmission(userTimeout > 0 ? userTimeout : RETRANSMISSION_MS, rtoMaxMs),
    connect: Math.min(...SYN_SCHEDULES.map((schedule) => lastSureBefore(userTimeout, schedule))),
  }
}

/** How many SYNs a kernel sends that sends the fewest: `userTimeout` 0 for its own limit. */
export function fewestSyns(userTimeout: number): number {
  const [schedule] = SYN_SCHEDULES
  return userTimeout === 0 ? schedule.length : schedule.filter((at) => at < userTimeout).length
}

/**
 * When data in flight is surely sent again for the last time, in milliseconds after the write.
 *
 * A tail-loss probe after 0.2 s, a retransmission as long after it, and each further one after twice the time of the one
 * before, at most `rtoMaxMs` (net/ipv4/tcp_timer.c, tcp_retransmit_timer()). The kernel gives up `limit` after the first
 * of them at the earliest.
 */
function lastRetransmission(limit: number, rtoMaxMs: number): number {
  const end = FIRST_RETRANSMISSION_MS + limit
  let last = 0
  let gap = FIRST_RETRANSMISSION_MS
  for (let at = gap; at * LATEST < end; at += gap, gap = Math.min(gap * 2, rtoMaxMs)) last = at
  return last
}

function lastSureBefore(userTimeout: number, schedule: readonly number[]): number {
  const limit = userTimeout === 0 ? Number.POSITIVE_INFINITY : userTimeout
  return schedule.findLast((at) => at * LATEST < limit) ?? 0
}
