/** What each system can set and read, with its units and limits: the one table of what differs. */

/** What a system can do with one of the four values. */
export interface Capability {
  /** The system's name for it, as in its headers and manual pages. */
  readonly option: string
  /** Whether it can be set here. */
  readonly settable: boolean
  /** Whether it can be read back here. */
  readonly readable: boolean
  /** The smallest value that can be asked for: milliseconds, or a count for the retries. */
  readonly min: number
  /** The largest value that can be asked for: milliseconds, or a count for the retries. */
  readonly max: number
  /** What the kernel counts in, in milliseconds; durations are rounded up to it. 1 for the retries. */
  readonly step: number
}

/** What this system can set and read. */
export interface Capabilities {
  /** `process.platform`. */
  readonly platform: string
  /** Silence before the first probe. */
  readonly time: Capability
  /** Between unanswered probes. */
  readonly interval: Capability
  /** Unanswered probes before the kernel gives up. */
  readonly retries: Capability
  /** How long sent data may stay unacknowledged; besides the range, 0 stands for the system's own rules. */
  readonly userTimeout: Capability
}

/** The kernels keep these in a signed 32-bit integer, and so does the binding. */
const INT32_MAX = 2 ** 31 - 1

/** The largest number of seconds whose milliseconds fit into 32 bits. */
const UINT32_MS_IN_SECONDS = 4_294_967

const seconds = (option: string, max: number): Capability =>
  Object.freeze({ option, settable: true, readable: true, min: 1000, max: max * 1000, step: 1000 })

const probes = (option: string, max: number): Capability =>
  Object.freeze({ option, settable: true, readable: true, min: 1, max, step: 1 })

const userTimeout = (option: string, step: number): Capability => {
  const max = Math.floor(INT32_MAX / step) * step
  return Object.freeze({ option, settable: true, readable: true, min: 1, max, step })
}

/** include/net/tcp.h: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT; tcp(7). */
const linux: Omit<Capabilities, 'platform'> = {
  time: seconds('TCP_KEEPIDLE', 32_767),
  interval: seconds('TCP_KEEPINTVL', 32_767),
  retries: probes('TCP_KEEPCNT', 127),
  userTimeout: userTimeout('TCP_USER_TIMEOUT', 1),
}

const table: Readonly<Record<string, Omit<Capabilities, 'platform'>>> = {
  linux,
  android: linux,
  /** xnu, bsd/netinet/tcp_usrreq.c: seconds whose ticks must fit into 32 bits. */
  darwin: {
    time: seconds('TCP_KEEPALIVE', UINT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', UINT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', INT32_MAX),
    userTimeout: userTimeout('TCP_RXT_CONNDROPTIME', 1000),
  },
  /** sys/netinet/tcp_usrreq.c: UINT_MAX / hz. The user timeout is there from FreeBSD 14 on. */
  freebsd: {
    time: seconds('TCP_KEEPIDLE', UINT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', UINT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', INT32_MAX),
    userTimeout: userTimeout('TCP_MAXUNACKTIME', 1000),
  },
  /** "IPPROTO_TCP socket options" of the Windows SDK; Windows 10 1709 and later. */
  win32: {
    time: seconds('TCP_KEEPIDLE', UINT32_MS_IN_SECONDS),
    interval: seconds('TCP_KEEPINTVL', UINT32_MS_IN_SECONDS),
    retries: probes('TCP_KEEPCNT', 255),
    userTimeout: userTimeout('TCP_MAXRT', 1000),
  },
}

/** The systems whose kernel is Linux, by `process.platform`. */
export function isLinux(platform: string): boolean {
  return platform === 'linux' || platform === 'android'
}

const nothing = (like: Capability): Capability => Object.freeze({ ...like, settable: false, readable: false })

/** What `platform` can do; on a system without a binary of this package, nothing. */
export function capabilitiesOf(platform: string): Capabilities {
  const known = table[platform]
  if (known) return Object.freeze({ platform, ...known })
  return Object.freeze({
    platform,
    time: nothing(linux.time),
    interval: nothing(linux.interval),
    retries: nothing(linux.retries),
    userTimeout: nothing(linux.userTimeout),
  })
}

/**
 * What this system can set and read, its units and limits. It is known at import, without the binary.
 *
 * @example
 * capabilities.userTimeout // on Linux { option: 'TCP_USER_TIMEOUT', settable: true, readable: true, min: 1, max: 2147483647, step: 1 }
 */
export const capabilities: Capabilities = capabilitiesOf(process.platform)
