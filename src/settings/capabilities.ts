/** What each system can set and read, with its units and limits, in one table. */
import type * as fs from 'node:fs'

/** What a system can do with one of the four values. */
export interface Capability {
  /** The system's name for it, as in its headers and manual pages. */
  readonly option: string
  /** Whether it can be set here. */
  readonly settable: boolean
  /** Whether it can be read back here. */
  readonly readable: boolean
  /** The smallest value that can be set: milliseconds, or a count for the retries. */
  readonly min: number
  /** The largest value that can be set: milliseconds, or a count for the retries. */
  readonly max: number
  /** The unit in which the kernel counts, in milliseconds; durations are rounded up to it. 1 for the retries. */
  readonly step: number
}

/** What this system can set and read. */
export interface Capabilities {
  /** `process.platform`. */
  readonly platform: string
  /** Silence before the first probe. */
  readonly time: Capability
  /** Time between unanswered probes. */
  readonly interval: Capability
  /** Number of unanswered probes before the kernel gives up. */
  readonly retries: Capability
  /** How long sent data may stay unacknowledged. Besides the range, 0 is allowed: the system's own rules. */
  readonly userTimeout: Capability
  /**
   * The longest time between two retransmissions, and between two window probes. `detectWithin` sets it beside the user timeout.
   * Linux has it from 6.15 on. Without it, if a peer dies while its window is closed, the error comes later than the deadline, and a
   * living peer survives only shorter outages while data is in flight.
   */
  readonly rtoMax: Capability
}

type Known = Omit<Capabilities, 'platform'>

/** The kernels keep these in a signed 32-bit integer, and so does the binding. */
const INT32_MAX = 2 ** 31 - 1

/** The largest number of seconds whose milliseconds fit into 32 bits, and into 32 bits with a sign. */
const UINT32_MS_IN_SECONDS = 4_294_967
const INT32_MS_IN_SECONDS = 2_147_483

const seconds = (option: string, max: number): Capability =>
  Object.freeze({ option, settable: true, readable: true, min: 1000, max: max * 1000, step: 1000 })

const probes = (option: string, max: number): Capability =>
  Object.freeze({ option, settable: true, readable: true, min: 1, max, step: 1 })

const userTimeout = (option: string, step: number): Capability => {
  const max = Math.floor(INT32_MAX / step) * step
  return Object.freeze({ option, settable: true, readable: true, min: 1, max, step })
}

const nothing = (like: Capability): Capability => Object.freeze({ ...like, settable: false, readable: false })

/** include/net/tcp.h: TCP_RTO_MAX_MIN_SEC, TCP_RTO_MAX_SEC. */
const RTO_MAX: Capability = Object.freeze({
  option: 'TCP_RTO_MAX_MS',
  settable: true,
  readable: true,
  min: 1000,
  max: 120_000,
  step: 1,
})

const NO_RTO_MAX = nothing(RTO_MAX)

let linuxRtoMax: Capability | undefined

/**
 * Loads `node:fs` if `process.getBuiltinModule` is missing, before Node 20.16 and 22.3. It is not a static import: in an ES module
 * that a bundler makes, that could not be resolved, and `require` does not exist at the start.
 */
let requireFs = (): typeof fs => require('node:fs') as typeof fs

/** An ES module in Node has no `require`, but can make one. */
export function requireFsWith(own: typeof requireFs): void {
  requireFs = own
}

/**
 * Checked at the first use, without the binary: Linux 6.15 added the option and this file together (net/ipv4/sysctl_net_ipv4.c).
 * If the runtime forbids access to files, the answer is no.
 */
function hasRtoMax(): boolean {
  try {
    const builtin: ((id: 'node:fs') => typeof fs) | undefined = process.getBuiltinModule
    const { existsSync } = builtin ? builtin('node:fs') : requireFs()
    return existsSync('/proc/sys/net/ipv4/tcp_rto_max_ms')
  } catch {
    return false
  }
}

/** include/net/tcp.h: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT; tcp(7). */
const linux: Known = {
  time: seconds('TCP_KEEPIDLE', 32_767),
  interval: seconds('TCP_KEEPINTVL', 32_767),
  retries: probes('TCP_KEEPCNT', 127),
  userTimeout: userTimeout('TCP_USER_TIMEOUT', 1),
  get rtoMax() {
    return (linuxRtoMax ??= hasRtoMax() ? RTO_MAX : nothing(RTO_MAX))
  },
}

const table: Readonly<Record<string, Known>> = {
  linux,
  android: linux,
  /**
   * xnu, timer_diff() in bsd/netinet/tcp_timer.c: what is left of a timer is a signed number of milliseconds, and more fires at once.
   * tcp_ctloutput() in tcp_usrreq.c takes twice that.
   */
  darwin: {
    time: seconds('TCP_KEEPALIVE', INT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', INT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', INT32_MAX),
    userTimeout: userTimeout('TCP_RXT_CONNDROPTIME', 1000),
    rtoMax: NO_RTO_MAX,
  },
  /** tcp_default_ctloutput() in sys/netinet/tcp_usrreq.c: UINT_MAX / hz. The user timeout is there from FreeBSD 14 on. */
  freebsd: {
    time: seconds('TCP_KEEPIDLE', UINT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', UINT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', INT32_MAX),
    userTimeout: userTimeout('TCP_MAXUNACKTIME', 1000),
    rtoMax: NO_RTO_MAX,
  },
  /**
   * "IPPROTO_TCP socket options" of the Windows SDK; Windows 10 1709 and later. The user timeout is there before, but Windows
   * older than 10 1607 counts it in seconds (TCP_MAXRT), to which it is rounded up.
   */
  win32: {
    time: seconds('TCP_KEEPIDLE', UINT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', UINT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', 255),
    userTimeout: userTimeout('TCP_MAXRTMS', 1),
    rtoMax: NO_RTO_MAX,
  },
}

/** The systems whose kernel is Linux, by `process.platform`. */
export function isLinux(platform: string): boolean {
  return platform === 'linux' || platform === 'android'
}

const NOWHERE: Omit<Known, 'rtoMax'> = {
  time: nothing(linux.time),
  interval: nothing(linux.interval),
  retries: nothing(linux.retries),
  userTimeout: nothing(linux.userTimeout),
}

/** What `platform` can do; on a system without a binary of this package, nothing. */
export function capabilitiesOf(platform: string): Capabilities {
  const known = table[platform]
  const rtoMax: PropertyDescriptor = { enumerable: true, get: () => (known ?? { rtoMax: NO_RTO_MAX }).rtoMax }
  const { time, interval, retries, userTimeout: timeout } = known ?? NOWHERE
  const all = { platform, time, interval, retries, userTimeout: timeout }
  // A getter, because importing the package must not ask the system anything.
  return Object.freeze(Object.defineProperty(all, 'rtoMax', rtoMax)) as Capabilities
}

/**
 * What this system can set and read, its units and limits. It is known at import, without the binary.
 *
 * @example
 * capabilities.userTimeout // on Linux { option: 'TCP_USER_TIMEOUT', settable: true, readable: true, min: 1, max: 2147483647, step: 1 }
 */
export const capabilities: Capabilities = capabilitiesOf(process.platform)
