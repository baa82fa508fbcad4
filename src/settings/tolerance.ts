/** Which outages a living peer survives: from the times of probes and retransmissions, and the time at which the kernel gives up. */
import { capabilities, isLinux } from './capabilities.ts'
import { LINUX_DEFAULTS, probesUntilGivenUp, RETRANSMISSION_MS } from './detection.ts'
import type { KeepAlive } from './keepalive.ts'

/**
 * The longest outage that a living peer survives, in milliseconds: every shorter one, whenever it begins, even where
 * timers are late. `Infinity`: any. `undefined`: this system's rule is not known well enough to give a number.
 */
export interface Tolerance {
  /**
   * On an idle connection: the time from the first unanswered probe to the last that is certain to be sent. If an outage begins right
   * before the first probe, it must end before the last one is sent. `Infinity` with keepalive off. On macOS and FreeBSD this holds for
   * values that are set at 'connect': a silence before a later set counts too, and takes a probe for each interval that it lasted.
   */
  readonly idle: number
  /**
   * With data in flight, for a round trip well under 0.2 s: the time of the last retransmission that is certainly sent before the
   * kernel gives up. For a deadline it assumes TCP_RTO_MAX_MS, which Linux has from 6.15 on: see `planKeepAlive`.
   */
  readonly write: number | undefined
  /** While connecting, with Linux's defaults: the time of the last SYN that is certainly sent before the kernel gives up. */
  readonly connect: number | undefined
}

/** TCP_RTO_MAX of include/net/tcp.h: the longest time between two retransmissions. */
const RTO_MAX_MS = 120_000

/** TCP_RTO_MIN of include/net/tcp.h: the time of the first retransmission if the round trip is short. */
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
 * When Linux retransmits a SYN, in milliseconds after the first. Up to Linux 6.4 the pause doubles each time. From 6.5 on
 * (net.ipv4.tcp_syn_linear_timeouts = 4) the first five are a second apart. Both lists end with the default
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

/** The number of SYNs of the kernel version that sends the fewest; `userTimeout` 0 means the kernel's own limit. */
export function fewestSyns(userTimeout: number): number {
  const [schedule] = SYN_SCHEDULES
  return userTimeout === 0 ? schedule.length : schedule.filter((at) => at < userTimeout).length
}

/**
 * The time of the last retransmission that is certainly sent, in milliseconds after the write.
 *
 * A tail-loss probe comes after 0.2 s, and the first retransmission 0.2 s later. Then the pause doubles each time, up to
 * `rtoMaxMs` (net/ipv4/tcp_timer.c, tcp_retransmit_timer()). The kernel gives up at the earliest `limit` after the first
 * of them.
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
