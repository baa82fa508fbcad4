/** Sets and reads the minimum TTL of arriving packets (RFC 5082). Linux only. */
import { isLinux } from '../settings/capabilities.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'

/** The largest TTL of a packet. Hardly any packet arrives with it. */
export const MOST_HOPS = 255

/** `IP_MINTTL` and `IPV6_MINHOPCOUNT`. */
export interface HopMinimum {
  readonly v4: number
  /** -1 for a socket of IPv4, which has no such option. */
  readonly v6: number
}

/** The kernel's unique number for a socket (`SO_COOKIE`). It is never reused. */
export type Cookie = string

/** The binding writes here. The numbers are read immediately, so one array serves every call. */
const numbers = new Int32Array(8)

/** @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_UNSUPPORTED if this is not Linux */
export function checkHopMinimum(): void {
  if (isLinux(process.platform) && 'setHopMinimum' in native()) return
  throw new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_UNSUPPORTED',
    `Only Linux can cut a connection off, not ${process.platform}: only there IP_MINTTL drops the packets for one socket`,
  )
}

/** @throws TcpKeepAliveError or TcpKeepAliveSystemError, as `getKeepAlive` does for this descriptor */
export function readHopMinimum(fd: number): HopMinimum & { readonly cookie: Cookie } {
  const status = native().getHopMinimum(fd, numbers)
  if (status !== 0) throw statusError(status, 'getsockopt')
  const [v4 = 0, v6 = -1, upper = 0, lower = 0] = numbers
  return { v4, v6, cookie: `${upper >>> 0}:${lower >>> 0}` }
}

/** The last data that a socket has sent and received. Probes and acknowledgements do not count. */
export interface LastData {
  /** In milliseconds. If nothing was sent yet, the time since the connection was made. */
  readonly sentAgo: number
  readonly receivedAgo: number
  /** In segments; 0 before Linux 4.6. */
  readonly sent: number
  readonly received: number
}

export function lastDataOf(fd: number): LastData {
  readHopMinimum(fd)
  const [sentAgo = 0, receivedAgo = 0, sent = 0, received = 0] = numbers.subarray(4)
  return { sentAgo, receivedAgo, sent, received }
}

export function putHopMinimum(fd: number, { v4, v6 }: HopMinimum): void {
  const status = native().setHopMinimum(fd, v4, v6)
  if (status !== 0) throw statusError(status, 'setsockopt')
}

/**
 * Cuts a socket off. If that fails, it throws and leaves the socket unchanged.
 *
 * @param before the socket's current options
 */
export function cutOffAt(fd: number, before: HopMinimum): void {
  try {
    putHopMinimum(fd, { v4: MOST_HOPS, v6: before.v6 < 0 ? -1 : MOST_HOPS })
  } catch (error) {
    putHopMinimum(fd, before) // one of the two options may be set
    throw error
  }
}

export function isCut({ v4, v6 }: HopMinimum): boolean {
  return v4 === MOST_HOPS || v6 === MOST_HOPS
}
