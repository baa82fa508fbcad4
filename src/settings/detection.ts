/** When a dead peer is noticed with given values, by each system's rules. */
import { capabilities, isLinux } from './capabilities.ts'
import { IN_FLIGHT_LEAD_MS, latestFirstRetransmission } from './detect-within.ts'
import type { KeepAlive } from './keepalive.ts'

/**
 * When a dead peer is noticed, in milliseconds; `Infinity` for never. `undefined`: this system's rule is not known well
 * enough to give a number.
 */
export interface Detection {
  /**
   * On an idle connection, from the last packet of the peer to the error. On Linux a user timeout also applies to
   * it; elsewhere only the retries do, on Windows according to its documentation. `Infinity` with keepalive off. FreeBSD then still
   * probes, unless net.inet.tcp.always_keepalive is 0.
   *
   * With an `interval` longer than `time`, the error comes up to their difference later on Linux and FreeBSD, if that last packet
   * answered a probe: the next probe then comes after `interval`.
   */
  readonly idle: number
  /**
   * With data in flight, from the write to the error, for a round trip well under 0.2 s.
   *
   * Linux counts a user timeout from the first retransmission, so this is about half a second longer. Without a user
   * timeout Linux retransmits for about 15 minutes. macOS and FreeBSD also send probes while
   * data is in flight, so with keepalive on this is at most `idle`. `undefined` on Windows, and on macOS and FreeBSD with keepalive
   * off.
   */
  readonly write: number | undefined
  /**
   * While connecting to an address that does not answer, from the attempt to the error. Linux: the user timeout, if
   * it is set before the attempt; otherwise the system's own limit, about 130 s. macOS and FreeBSD: the timeout of the
   * attempt, otherwise 75 s. A plan takes that timeout from the deadline or the user timeout, in whole seconds.
   * `undefined` on Windows.
   */
  readonly connect: number | undefined
}

/** Linux's defaults (net.ipv4.tcp_keepalive_time, _intvl, _probes), with keepalive off as on any new socket. */
export const LINUX_DEFAULTS: { readonly [Field in keyof KeepAlive]-?: NonNullable<KeepAlive[Field]> } =
  Object.freeze({
    enabled: false,
    time: 7_200_000,
    interval: 75_000,
    retries: 9,
    userTimeout: 0,
  })

/**
 * How long Linux retransmits without a user timeout: net.ipv4.tcp_retries2 = 15, for which
 * Documentation/networking/ip-sysctl.rst gives 924.6 s.
 */
export const RETRANSMISSION_MS = 924_600

/**
 * How long Linux tries to connect without a user timeout: Documentation/networking/ip-sysctl.rst gives 131 s for
 * net.ipv4.tcp_syn_retries = 6 with tcp_syn_linear_timeouts = 4. Before Linux 6.5, without the latter, it is 127 s.
 */
const CONNECTING_MS = 131_000

/**
 * How long macOS and FreeBSD try to connect by default: TCPTV_KEEP_INIT of bsd/netinet/tcp_timer.h (xnu) and sys/netinet/tcp_timer.h.
 * The keepalive timer ends the attempt, also with keepalive off. The limit of SYNs would be longer.
 */
const BSD_CONNECTING_MS = 75_000

/**
 * When a dead peer is noticed with these values. A value that is not known counts as Linux's default.
 *
 * @param platform the system that holds them, by `process.platform`
 * @param attempt how long an attempt to connect may take, in milliseconds, on systems with a separate option for it; 0: the
 *   system's default
 */
export function detectionOf(
  held: KeepAlive,
  platform: string = capabilities.platform,
  attempt: number = 0,
): Detection {
  const { time = LINUX_DEFAULTS.time, interval = LINUX_DEFAULTS.interval, userTimeout = 0 } = held
  const idle = held.enabled ? time + interval * probesUntilGivenUp(held, platform) : Number.POSITIVE_INFINITY
  if (isLinux(platform)) {
    return {
      idle,
      write: userTimeout > 0 ? userTimeout + IN_FLIGHT_LEAD_MS : RETRANSMISSION_MS,
      connect: userTimeout > 0 ? userTimeout : CONNECTING_MS,
    }
  }
  if (!isBsd(platform)) return { idle, write: undefined, connect: undefined }
  const connect = attempt > 0 ? Math.ceil(attempt / 1000) * 1000 : BSD_CONNECTING_MS
  return { idle, write: held.enabled ? idle : undefined, connect }
}

/**
 * The latest time of the error after a write to a dead peer, in milliseconds, on a connection with this retransmission timeout.
 *
 * Linux checks the user timeout only when it retransmits data, and counts it from the first retransmission. After a lost SYN-ACK the
 * retransmission timeout is 3 s until something is acknowledged (TCP_TIMEOUT_FALLBACK).
 *
 * @param rtoMax TCP_RTO_MAX_MS, `Infinity` without it
 */
export function latestWrite(userTimeout: number, retransmissionTimeout: number, rtoMax: number): number {
  const first = Math.min(retransmissionTimeout, rtoMax)
  // The waits after that one are 2, 4, 8 ... times as long, and the user timeout cuts the last one short.
  const lastWait = Math.min(rtoMax, userTimeout, userTimeout / 2 + first)
  return latestFirstRetransmission(first) + userTimeout + lastWait / 8
}

/**
 * The longest retransmission timeout, in milliseconds, with which a write keeps its deadline without TCP_RTO_MAX_MS: the inverse of
 * {@link latestWrite}.
 */
export function longestRetransmissionTimeout(userTimeout: number, deadline: number): number {
  let [longest, tooLong] = [0, deadline]
  while (tooLong - longest > 1) {
    const middle = Math.floor((longest + tooLong) / 2)
    if (latestWrite(userTimeout, middle, Number.POSITIVE_INFINITY) <= deadline) longest = middle
    else tooLong = middle
  }
  return longest
}

/**
 * Whether keepalive also probes while data is in flight, and whether its timer ends an attempt to connect. tcp_timer_keep() in
 * sys/netinet/tcp_timer.c of FreeBSD and TCPT_KEEP of tcp_timers() in bsd/netinet/tcp_timer.c of xnu check the state of the connection and
 * the time of the last packet, not the data in flight.
 */
export function isBsd(platform: string): boolean {
  return platform === 'darwin' || platform === 'freebsd'
}

/**
 * How many probes stay unanswered until the kernel ends the connection, an interval after the last one.
 *
 * net/ipv4/tcp_timer.c, tcp_keepalive_timer(): without a user timeout, the connection ends an interval after
 * the last of the retries. With one, it ends at the first timer tick after the first probe at which the silence is as long as the
 * user timeout, after any number of probes. On other systems only the retries decide: tcp_timer_keep() in
 * sys/netinet/tcp_timer.c of FreeBSD, tcp_timers() in bsd/netinet/tcp_timer.c of xnu.
 */
export function probesUntilGivenUp(held: KeepAlive, platform: string = capabilities.platform): number {
  const { time = LINUX_DEFAULTS.time, interval = LINUX_DEFAULTS.interval } = held
  const { retries = LINUX_DEFAULTS.retries, userTimeout = 0 } = held
  return followsUserTimeout(held, platform)
    ? Math.max(1, Math.ceil((userTimeout - time) / interval))
    : retries
}

/** Only on Linux does the user timeout apply to probes; elsewhere it applies to data in flight. */
export function followsUserTimeout({ userTimeout = 0 }: KeepAlive, platform: string): boolean {
  return isLinux(platform) && userTimeout > 0
}
