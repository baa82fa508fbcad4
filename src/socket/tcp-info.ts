/** Reads what the kernel knows about a connection. */
import { Socket } from 'node:net'
import { notConnected, notListening, statusError } from './errors.ts'
import { native } from './native.ts'
import { handleDescriptor } from './node-internals.ts'
import { descriptorOf, NOT_YET, type Target } from './target.ts'

/** The TCP state of a connection (RFC 9293, 3.3.2). `close-wait`: the peer has closed it, this end has not. */
export type TcpState =
  | 'closed'
  | 'listen'
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'closing'
  | 'last-ack'
  | 'time-wait'

/** In the order of the binding's numbers. */
const STATES: readonly TcpState[] = [
  'closed',
  'listen',
  'syn-sent',
  'syn-received',
  'established',
  'fin-wait-1',
  'fin-wait-2',
  'close-wait',
  'closing',
  'last-ack',
  'time-wait',
]

/**
 * What the kernel knows about a connection. Durations are in milliseconds. `undefined`: this system does not report it, or
 * there is no connection. Linux reports all fields; every system reports state, round trip and `totalRetransmits`.
 */
export interface TcpInfo {
  /** The TCP state. */
  readonly state: TcpState
  /**
   * Time since the last packet from the peer, data or acknowledgement. Linux. FreeBSD only if keepalive ends the connection within
   * 71 minutes, because the kernel's counter wraps around then. If values are set there on a connection that has been silent for
   * longer, the number may be too small until `time` has passed.
   */
  readonly silentFor: number | undefined
  /** Probes sent since then, including one whose answer is still on the way. Linux. */
  readonly unansweredProbes: number | undefined
  /** Consecutive retransmissions of the oldest unacknowledged data. Linux. */
  readonly retransmits: number | undefined
  /** All retransmissions of the connection: in segments, on macOS and Windows in bytes. */
  readonly totalRetransmits: number | undefined
  /**
   * Sent and unacknowledged data: in segments on Linux, in bytes on Windows; on macOS in bytes, including bytes that are
   * not sent yet. 0 means the same everywhere.
   */
  readonly unacknowledged: number | undefined
  /** Bytes written to the socket and not sent yet, because the peer's window or the network has no room. Linux 4.6. */
  readonly unsent: number | undefined
  /** The smoothed round-trip time. */
  readonly roundTrip: number | undefined
  /** The variance of the round-trip time. Not on Windows. */
  readonly roundTripVariance: number | undefined
  /** How long the kernel waits for an acknowledgement before it retransmits. Not on Windows; on macOS only while it waits. */
  readonly retransmissionTimeout: number | undefined
}

/** The number of numbers that the binding writes. */
export const INFO_LENGTH = 10

/** The binding writes them here. They are read at once, so all calls share one array. */
const numbers = new Int32Array(INFO_LENGTH)

/**
 * Reads what the kernel knows about a connection: how long the peer has been silent, unanswered probes, unacknowledged data and
 * the round trip. One system call on Linux (TCP_INFO), macOS (TCP_CONNECTION_INFO) and Windows (SIO_TCP_INFO), up to five on
 * FreeBSD (TCP_INFO). Nothing is sent.
 *
 * @param target a connected `net.Socket` or `tls.TLSSocket`, a listening `net.Server` or a raw descriptor
 * @throws as `getKeepAlive` does
 *
 * @example
 * const { silentFor, unansweredProbes } = getTcpInfo(socket)
 */
export function getTcpInfo(target: Target): TcpInfo {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw target instanceof Socket ? notConnected() : notListening()
  const status = native().getTcpInfo(fd, numbers)
  if (status !== 0) throw statusError(status, 'getsockopt')
  return tcpInfoFrom(numbers, 0)
}

/**
 * What the kernel knows about a connection, also while it is being destroyed: Node already reports the socket as destroyed, but its
 * descriptor is still open. `undefined` if it cannot be read. Never throws.
 */
export function lastInfo(socket: Socket): TcpInfo | undefined {
  const fd = handleDescriptor(socket)
  if (fd === undefined || native().getTcpInfo(fd, numbers) !== 0) return undefined
  return tcpInfoFrom(numbers, 0)
}

/** From the binding's numbers, which start at `at`. */
export function tcpInfoFrom(all: Int32Array, at: number): TcpInfo {
  return {
    state: tcpStateOf(all[at]),
    silentFor: known(all[at + 1]),
    unansweredProbes: known(all[at + 2]),
    retransmits: known(all[at + 3]),
    totalRetransmits: known(all[at + 4]),
    unacknowledged: known(all[at + 5]),
    unsent: known(all[at + 9]),
    roundTrip: milliseconds(all[at + 6]),
    roundTripVariance: milliseconds(all[at + 7]),
    retransmissionTimeout: milliseconds(all[at + 8]),
  }
}

/** From the binding's number. */
export function tcpStateOf(number = 0): TcpState {
  return STATES[number] ?? 'closed'
}

function known(number = -1): number | undefined {
  return number < 0 ? undefined : number
}

function milliseconds(micros = -1): number | undefined {
  return micros < 0 ? undefined : micros / 1000
}
