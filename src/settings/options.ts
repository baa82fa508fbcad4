/** Checks the options of a program, and turns them into the whole numbers that the kernel takes. */
import { capabilities, type Capability, isLinux } from './capabilities.ts'
import { solveDetectWithin } from './detect-within.ts'
import { invalidArgType, milliseconds, outOfRange } from './errors.ts'
import { TcpKeepAliveError } from './tcp-keepalive-error.ts'

/** The single values. A field that is left out keeps its value in the kernel. */
export interface KeepAliveValues {
  /**
   * Whether the kernel sends probes (SO_KEEPALIVE). Options turn keepalive on unless this is `false`.
   *
   * @default true
   */
  enabled?: boolean | undefined
  /**
   * Silence before the first probe, in milliseconds, rounded up to whole seconds: 1000 … 32 767 000 on Linux
   * (TCP_KEEPIDLE; TCP_KEEPALIVE on macOS).
   */
  time?: number | undefined
  /** Time between unanswered probes, in milliseconds, with the limits of `time` (TCP_KEEPINTVL). */
  interval?: number | undefined
  /** Number of unanswered probes before the kernel ends the connection: 1 … 127 on Linux (TCP_KEEPCNT). */
  retries?: number | undefined
  /**
   * How long sent data may stay unacknowledged, in milliseconds: 1 … 2 147 483 647, or 0 for the system's own
   * rules, about 15 minutes on Linux (TCP_USER_TIMEOUT). If a system counts it in seconds, it is rounded up
   * (macOS TCP_RXT_CONNDROPTIME, FreeBSD TCP_MAXUNACKTIME, Windows before 10 1607 TCP_MAXRT; later Windows has TCP_MAXRTMS).
   *
   * A number follows the kernel's own rule. On Linux it also limits connecting, ends the connection to a living peer that does not read
   * for that long, and keeps counting after close. Only `detectWithin` compensates for that.
   *
   * On Linux it also replaces `retries` as the rule that ends an idle connection. On macOS it applies only to data in flight, on
   * FreeBSD also to data that waits for a closed window. Note the unit: 30 is 30 milliseconds, and with that nearly every lost
   * packet ends the connection.
   */
  userTimeout?: number | undefined
  /** Computes the other values, so it is given without them: {@link KeepAliveDeadline}. */
  detectWithin?: undefined
}

/** The one number most people want: nobody waits longer than this for a dead peer. */
export interface KeepAliveDeadline {
  /** As in {@link KeepAliveValues}. */
  enabled?: boolean | undefined
  /**
   * The deadline in milliseconds, 5000 or more. It counts from the last packet of the peer while the program only waits, from the
   * program's own write when it writes, and from the attempt when it connects. It sets time, interval and retries, and on Linux
   * also the user timeout and TCP_RTO_MAX_MS (Linux 6.15).
   *
   * A living peer may stop reading for any time. On a socket object of Node the user timeout is lifted (set to 0) once the
   * peer has closed its window, until the connection ends, and this package keeps the deadline itself. On a raw descriptor, and in
   * Bun and Deno, the kernel's rule applies, which would end such a connection. Outside Linux no user timeout is set: macOS and
   * FreeBSD also probe while data is in flight, and Windows ends a write by itself. Its older documents say: after about 20 s if the
   * round trip is short.
   */
  detectWithin: number
  /**
   * With 0 the deadline covers only waiting. A write to a dead peer then follows the system's own rules, on Linux about 15 minutes.
   */
  userTimeout?: 0 | undefined
  /** Computed from the deadline. */
  time?: undefined
  /** Computed from the deadline. */
  interval?: undefined
  /** Computed from the deadline. */
  retries?: undefined
}

/**
 * Either one deadline, or the values one by one. `undefined` counts as left out. An unknown field is an error that names the
 * right one.
 *
 * @example
 * setKeepAlive(socket, { detectWithin: 30_000 })
 * setKeepAlive(socket, { time: 60_000, interval: 10_000, retries: 6, userTimeout: 110_000 })
 */
export type KeepAliveOptions = KeepAliveValues | KeepAliveDeadline

/** The numbers that the kernel takes; {@link LEAVE} for a value that is not changed. */
export interface KernelValues {
  readonly enabled: boolean
  readonly timeSeconds: number
  readonly intervalSeconds: number
  readonly retries: number
  readonly userTimeoutMs: number
  /**
   * The deadline that the user timeout was solved for, in milliseconds. Left out if the user timeout is the program's own
   * number, 0 or unchanged: then the kernel's rule applies.
   */
  readonly deadlineMs?: number | undefined
  /** The value for TCP_RTO_MAX_MS beside that user timeout; present exactly when `deadlineMs` is. */
  readonly rtoMaxMs?: number | undefined
  /**
   * How long an attempt to connect may take, in milliseconds. Only on systems other than Linux: there a deadline sets no user timeout,
   * which limits connecting on Linux.
   */
  readonly connectTimeoutMs?: number | undefined
}

/** Stands for "leave the value in the kernel unchanged". */
export const LEAVE = -1

/**
 * In constants of their own, because `capabilities` has a getter (`rtoMax`). V8 stores such an object as a hash table, where each lookup
 * takes 80 instructions (`npm run bench -- instructions`).
 */
const {
  platform,
  time: ofTime,
  interval: ofInterval,
  retries: ofRetries,
  userTimeout: ofUserTimeout,
} = capabilities

const OFF: KernelValues = {
  enabled: false,
  timeSeconds: LEAVE,
  intervalSeconds: LEAVE,
  retries: LEAVE,
  userTimeoutMs: LEAVE,
}

/** Names from other APIs, and the name of the option here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  count: 'retries',
  delay: 'time',
  enable: 'enabled',
  idle: 'time',
  initialDelay: 'time',
  keepAlive: 'enabled',
  keepAliveInitialDelay: 'time',
  keepalive: 'enabled',
  maxRetries: 'retries',
  probes: 'retries',
  timeout: 'userTimeout',
  user_timeout: 'userTimeout',
}

/** Checks all `options` before anything is changed, and turns them into the kernel's numbers. */
export function resolveOptions(options: KeepAliveOptions | number | false): KernelValues {
  if (options === false) return OFF
  if (typeof options === 'number') return oneNumber(options)
  if (typeof options !== 'object' || Array.isArray(options) || options === null) throw notOptions(options)
  for (const name in options) {
    if (!isOption(name) && Object.hasOwn(options, name)) throw unknownOption(name)
  }

  const enabled = options.enabled ?? true
  if (typeof enabled !== 'boolean') throw invalidArgType('options.enabled', 'of type boolean', enabled)
  if (options.detectWithin !== undefined) return { enabled, ...deadline(options) }
  const { time, interval, retries, userTimeout } = options
  return {
    enabled,
    timeSeconds: time === undefined ? LEAVE : wholeSeconds('options.time', time, ofTime),
    intervalSeconds: interval === undefined ? LEAVE : wholeSeconds('options.interval', interval, ofInterval),
    retries: retries === undefined ? LEAVE : count(retries),
    userTimeoutMs: userTimeout === undefined ? LEAVE : userTimeoutMs(userTimeout),
  }
}

/** In seconds: time n, interval max(1, ⌊n/3⌋), retries 3, as in anetKeepAlive() of Redis (src/anet.c). */
function oneNumber(ms: number): KernelValues {
  const time = wholeSeconds('options', ms, ofTime)
  return {
    enabled: true,
    timeSeconds: time,
    intervalSeconds: Math.max(1, Math.floor(time / 3)),
    retries: 3,
    userTimeoutMs: LEAVE,
  }
}

/**
 * Outside Linux no user timeout is solved. FreeBSD counts it while a living peer keeps its window closed
 * (tcp_timer_persist() in sys/netinet/tcp_timer.c). For Windows this is not documented. macOS and FreeBSD also probe while data is
 * in flight, so keepalive ends a write there too. Windows ends a write by itself: the documents of Server 2003 say after five
 * retransmissions, with twice the pause each time (TcpMaxDataRetransmissions), about 20 s if the round trip is short.
 */
function deadline(options: KeepAliveDeadline): Omit<KernelValues, 'enabled'> {
  const { detectWithin, userTimeout } = options
  for (const other of ['time', 'interval', 'retries'] as const) {
    if (options[other] !== undefined) {
      throw conflict(`"detectWithin" solves for "${other}": give one of the two`)
    }
  }
  if (userTimeout !== undefined && userTimeout !== 0) {
    throw conflict('Beside "detectWithin", "userTimeout" can only be 0, which keeps the idle half alone')
  }
  supported('options.detectWithin', ofTime)
  const { rtoMaxMs, ...solved } = solveDetectWithin(detectWithin, capabilities)
  if (userTimeout === 0) return { ...solved, userTimeoutMs: 0 }
  if (isLinux(platform)) return { ...solved, deadlineMs: detectWithin, rtoMaxMs }
  return { ...solved, userTimeoutMs: LEAVE, connectTimeoutMs: solved.userTimeoutMs }
}

function wholeSeconds(name: string, ms: unknown, capability: Capability): number {
  supported(name, capability)
  if (typeof ms !== 'number') throw notMilliseconds(name, ms)
  if (ms >= capability.min && ms <= capability.max) return Math.ceil(ms / capability.step)
  throw beyond(name, ms, capability)
}

// Errors are made elsewhere: V8 puts a short function into its caller.
function notMilliseconds(name: string, ms: unknown): TypeError {
  return invalidArgType(name, 'of type number (milliseconds)', ms)
}

function beyond(name: string, ms: number, { min, max }: Capability): RangeError {
  return outOfRange(name, `>= ${min} && <= ${max} ${milliseconds(ms, min)}`, ms)
}

function count(retries: unknown): number {
  const { min, max } = ofRetries
  supported('options.retries', ofRetries)
  if (typeof retries === 'number' && Number.isInteger(retries) && retries >= min && retries <= max)
    return retries
  throw notCount(retries)
}

function notCount(retries: unknown): Error {
  if (typeof retries !== 'number') return invalidArgType('options.retries', 'of type number', retries)
  return outOfRange('options.retries', `an integer >= ${ofRetries.min} && <= ${ofRetries.max}`, retries)
}

function userTimeoutMs(ms: unknown): number {
  const { min, max, step } = ofUserTimeout
  supported('options.userTimeout', ofUserTimeout)
  if (typeof ms !== 'number') throw notMilliseconds('options.userTimeout', ms)
  if (ms === 0 || (ms >= min && ms <= max)) return Math.ceil(ms / step) * step
  throw outOfRange('options.userTimeout', `0, or >= ${min} && <= ${max} milliseconds`, ms)
}

function isOption(name: string): boolean {
  switch (name) {
    case 'enabled':
    case 'time':
    case 'interval':
    case 'retries':
    case 'userTimeout':
    case 'detectWithin':
      return true
    default:
      return false
  }
}

function supported(name: string, capability: Capability): void {
  if (!capability.settable) throw unsupported(name)
}

function unsupported(name: string): TcpKeepAliveError {
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNSUPPORTED', `"${name}" cannot be set on ${platform}`)
}

function conflict(message: string): TcpKeepAliveError {
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_CONFLICTING_OPTIONS', message)
}

function unknownOption(name: string): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION',
    `Unknown option "${name}". ${rightName(name)}`,
  )
}

function rightName(name: string): string {
  // An option of installKeepAlive, which takes it separately from the values.
  if (name === 'match') return "It is given beside the values: installKeepAlive(values, { match: '*:5432' })"
  const right = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined
  if (right !== undefined) return `Here it is called "${right}"`
  return 'The options are enabled, time, interval, retries, userTimeout and detectWithin'
}

function notOptions(received: unknown): TypeError {
  const expected = 'an object, a number of milliseconds or false'
  if (received !== true) return invalidArgType('options', expected, received)
  // Typed by habit: net.Socket's own call is setKeepAlive(true, 60000).
  return invalidArgType('options', `${expected}, as in setKeepAlive(socket, { time: 60000 })`, received)
}
