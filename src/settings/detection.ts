/** When a dead peer is noticed with given values, by each system's rules. */
import { capabilities, isLinux } from './capabilities.ts'
import { IN_FLIGHT_LEAD_MS, rtoMaxFor } from './detect-within.ts'
import type { KeepAlive } from './keepalive.ts'

/**
 * When a dead peer is noticed, in milliseconds; `Infinity` for never. `undefined`: this system's rule is not known well
 * enough to give a number.
 */
export interface Detection {
  /**
   * On an idle connection, from the last thing heard from the peer to the error. On Linux a user timeout decides about
   * it too; elsewhere the retries alone, on Windows by its documentation. `Infinity` with keepalive off; FreeBSD then probes all
   * the same, unless net.inet.tcp.always_keepalive is 0.
   */
  readonly idle: number
  /**
   * With data in flight, from the write to the error, for a round trip well under 0.2 s.
   *
   * Linux counts a user timeout from the first retransmission, so this is about half a second longer. Without a user
   * timeout it is what Linux takes to give up retransmitting, about 15 minutes. macOS and FreeBSD send probes also while
   * data is in flight, so with keepalive on this is `idle` at the latest. `undefined` on Windows, and on those two with keepalive off.
   */
  readonly write: number | undefined
  /**
   * While connecting to an address that does not answer, from the attempt to the error. Linux: the user timeout, where
   * it is set before the attempt; without one the system's own limit, about 130 s. macOS and FreeBSD: the timeout of the
   * attempt, which a plan takes from the deadline or the user timeout, in whole seconds at the latest; without one 75 s.
   * `undefined` on Windows.
   */
  readonly connect: number | undefined
}

/** What Linux does unasked (net.ipv4.tcp_keepalive_time, _intvl, _probes), with keepalive off as on any socket. */
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
 * How long macOS and FreeBSD try to connect unasked: TCPTV_KEEP_INIT of bsd/netinet/tcp_timer.h (xnu) and sys/netinet/tcp_timer.h.
 * The timer that probes an idle connection ends an attempt, with keepalive off as well; SYNs would be sent for longer.
 */
const BSD_CONNECTING_MS = 75_000

/**
 * When a dead peer is noticed with these values. A value that is not known counts as Linux's default.
 *
 * @param platform the system that holds them, by `process.platform`
 * @param attempt how long an attempt to connect may take, in milliseconds, where that is an option of its own; 0: as long as the
 *   system says
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

/** TCP_TIMEOUT_INIT of include/net/tcp.h: when a tail-loss probe is sent at the latest. */
const LONGEST_TAIL_LOSS_PROBE_MS = 1000

/**
 * When a write to a dead peer is told of at the latest, in milliseconds, on a connection with this retransmission timeout.
 *
 * Linux looks at the user timeout only when it sends data again, and counts it from the first retransmission: after a tail-loss probe,
 * and after a retransmission timeout, of which TCP_RTO_MAX_MS allows a fifth of the deadline. Each timer may be late by an
 * eighth. After a lost SYN-ACK the retransmission timeout is 3 s until something is acknowledged (TCP_TIMEOUT_FALLBACK).
 */
export function latestWrite(userTimeout: number, deadline: number, retransmissionTimeout: number): number {
  const rtoMax = rtoMaxFor(deadline)
  const between = capabilities.rtoMax.settable
    ? Math.min(retransmissionTimeout, rtoMax)
    : retransmissionTimeout
  const first = Math.min(between, LONGEST_TAIL_LOSS_PROBE_MS) + between
  return (first * 9) / 8 + userTimeout + Math.min(rtoMax, userTimeout) / 8
}

/** Up to which retransmission timeout, in milliseconds, a write keeps its deadline: {@link latestWrite} the other way round. */
export function longestRetransmissionTimeout(userTimeout: number, deadline: number): number {
  const first = ((deadline - userTimeout - Math.min(rtoMaxFor(deadline), userTimeout) / 8) * 8) / 9
  return Math.floor(first < 2 * LONGEST_TAIL_LOSS_PROBE_MS ? first / 2 : first - LONGEST_TAIL_LOSS_PROBE_MS)
}

/**
 * Whether keepalive probes also while data is in flight, and its timer ends an attempt to connect: tcp_timer_keep() in
 * sys/netinet/tcp_timer.c of FreeBSD and TCPT_KEEP of tcp_timers() in bsd/netinet/tcp_timer.c of xnu look at the state of the connection and
 * at what was last heard, and not at what is in flight.
 */
export function isBsd(platform: string): boolean {
  return platform === 'darwin' || platform === 'freebsd'
}

/**
 * How many probes a dead peer leaves unanswered until it is given up, an interval after the last of them.
 *
 * net/ipv4/tcp_timer.c, tcp_keepalive_timer(): without a user timeout the connection is given up an interval after
 * the last of the retries; with one, at the first tick after the first probe at which the peer has been silent for
 * that long, however many probes that takes. Elsewhere the retries decide alone: tcp_timer_keep() in
 * sys/netinet/tcp_timer.c of FreeBSD, tcp_timers() in bsd/netinet/tcp_timer.c of xnu.
 */
export function probesUntilGivenUp(held: KeepAlive, platform: string = capabilities.platform): number {
  const { time = LINUX_DEFAULTS.time, interval = LINUX_DEFAULTS.interval } = held
  const { retries = LINUX_DEFAULTS.retries, userTimeout = 0 } = held
  return followsUserTimeout(held, platform)
    ? Math.max(1, Math.ceil((userTimeout - time) / interval))
    : retries
}

/** Only Linux lets the user timeout decide over probes: elsewhere it is about data in flight. */
export function followsUserTimeout({ userTimeout = 0 }: KeepAlive, platform: string): boolean {
  return isLinux(platform) && userTimeout > 0
}
