/** Computes what would be set, when a dead peer would be noticed, and what a living peer survives. Pure: it needs no socket. */
import { capabilities, isLinux } from './capabilities.ts'
import { detectionOf, type Detection, LINUX_DEFAULTS } from './detection.ts'
import { invalidArgType, outOfRange } from './errors.ts'
import type { KeepAlive } from './keepalive.ts'
import { type KeepAliveOptions, type KernelValues, LEAVE, resolveOptions } from './options.ts'
import { type Tolerance, toleranceOf } from './tolerance.ts'

/** The result of {@link planKeepAlive}. */
export interface KeepAlivePlan {
  /** The values a socket would hold. They can be handed to `setKeepAlive` as they are. */
  readonly settings: KeepAlive
  /** When a dead peer is noticed. */
  readonly detection: Detection
  /** Which outages a living peer survives. */
  readonly tolerates: Tolerance
}

/**
 * Computes what {@link KeepAliveOptions} would set, when a dead peer would be noticed, and which outages a living peer
 * would survive.
 *
 * @param options as for `setKeepAlive`
 * @param base the socket's current values, used for fields that `options` leave out; by default Linux's own defaults
 * @returns the values; the detection times, without the lateness of timers (on Linux up to an eighth); and the outages that
 *   are survived. For a deadline, `tolerates.write` assumes TCP_RTO_MAX_MS, which Linux has from 6.15 on. For older kernels,
 *   plan again with the `settings` instead of the deadline
 * @throws as `setKeepAlive` for such options; TypeError [ERR_INVALID_ARG_TYPE] or RangeError
 *   [ERR_OUT_OF_RANGE] for a base that no socket can hold
 *
 * @example
 * planKeepAlive({ detectWithin: 30_000 })
 * // { settings: { enabled: true, time: 11000, interval: 3000, retries: 5, userTimeout: 25500 },
 * //   detection: { idle: 26000, write: 26000, connect: 25500 },
 * //   tolerates: { idle: 12000, write: 18400, connect: 15000 } }
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
  return {
    settings,
    detection: detectionOf(settings, capabilities.platform, attemptOf(values)),
    tolerates: toleranceOf(settings, values.rtoMaxMs),
  }
}

/** How long an attempt to connect may take, on systems with a separate option for it; on Linux it is the user timeout. */
function attemptOf({ connectTimeoutMs, userTimeoutMs }: KernelValues): number {
  return isLinux(capabilities.platform) ? 0 : Math.max(0, connectTimeoutMs ?? userTimeoutMs)
}

/** Reads each field once, and accepts only numbers that a kernel can hold, so that the results are valid times. */
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
