/** What would be set, and when a dead peer would be noticed: pure, no socket needed. */
import { capabilities } from './capabilities.ts'
import { IN_FLIGHT_LEAD_MS } from './detect-within.ts'
import { invalidArgType, outOfRange } from './errors.ts'
import type { KeepAlive } from './keepalive.ts'
import { isLinux } from './linux.ts'
import { type KeepAliveOptions, LEAVE, resolveOptions } from './options.ts'

/** What {@link planKeepAlive} answers. */
export interface KeepAlivePlan {
  /** The values a socket would hold. They can be handed to `setKeepAlive` as they are. */
  readonly settings: KeepAlive
  /** When a dead peer is noticed. */
  readonly detection: Detection
}

/** When a dead peer is noticed, in milliseconds; `Infinity` for never. */
export interface Detection {
  /**
   * On an idle connection, from the last thing heard from the peer to the error. On Linux a user timeout decides about
   * it too; elsewhere the retries alone.
   */
  readonly idle: number
  /**
   * With data in flight, from the write to the error, for a round trip well under 0.2 s. The kernel counts a user
   * timeout from the first retransmission, so this is about half a second longer. Where there is no user timeout: what
   * Linux takes.
   */
  readonly write: number
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
const RETRANSMISSION_MS = 924_600

/**
 * Tells what {@link KeepAliveOptions} would set, and when a dead peer would be noticed.
 *
 * @param options what would be given to `setKeepAlive`
 * @param base what the socket holds before, for the fields that `options` leave out; by default Linux's own
 * @returns the values and the two detection times, without the timers' lateness (on Linux up to an eighth)
 * @throws what `setKeepAlive` throws for such options; TypeError [ERR_INVALID_ARG_TYPE] or RangeError
 *   [ERR_OUT_OF_RANGE] for a base that no socket could hold
 *
 * @example
 * planKeepAlive({ detectWithin: 30_000 })
 * // { settings: { enabled: true, time: 16000, interval: 2000, retries: 5, userTimeout: 25500 },
 * //   detection: { idle: 26000, write: 26000 } }
 * planKeepAlive({}).detection.idle // 7875000: 2 h 11 min 15 s
 */
export function planKeepAlive(
  options: KeepAliveOptions | number | false,
  base: KeepAlive = LINUX_DEFAULTS,
): KeepAlivePlan {
  const values = resolveOptions(options)
  const { time, interval, retries, userTimeout } = checkedBase(base)
  const settings: KeepAlive = {
    enabled: values.enabled,
    time: values.timeSeconds === LEAVE ? time : values.timeSeconds * 1000,
    interval: values.intervalSeconds === LEAVE ? interval : values.intervalSeconds * 1000,
    retries: values.retries === LEAVE ? retries : values.retries,
    userTimeout: values.userTimeoutMs === LEAVE ? userTimeout : values.userTimeoutMs,
  }
  return { settings, detection: detectionOf(settings) }
}

/** Read once, and only numbers that a kernel can hold, so that what is made of them is a time. */
function checkedBase(base: KeepAlive): Omit<KeepAlive, 'enabled'> {
  if (typeof base !== 'object' || base === null) throw invalidArgType('base', 'an object', base)
  return {
    time: checkedField('base.time', base.time, 1),
    interval: checkedField('base.interval', base.interval, 1),
    retries: checkedField('base.retries', base.retries, 1),
    userTimeout: checkedField('base.userTimeout', base.userTimeout, 0),
  }
}

function checkedField(name: string, value: unknown, least: number): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (value >= least && value <= Number.MAX_SAFE_INTEGER) return value
  throw outOfRange(name, `>= ${least}`, value)
}

/**
 * When a dead peer is noticed with these values. A value that is not known counts as Linux's default.
 *
 * @param platform the system that holds them, by `process.platform`
 */
export function detectionOf(held: KeepAlive, platform: string = capabilities.platform): Detection {
  const { time = LINUX_DEFAULTS.time, interval = LINUX_DEFAULTS.interval, userTimeout = 0 } = held
  return {
    idle: held.enabled ? time + interval * probesUntilGivenUp(held, platform) : Number.POSITIVE_INFINITY,
    write: userTimeout > 0 ? userTimeout + IN_FLIGHT_LEAD_MS : RETRANSMISSION_MS,
  }
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
