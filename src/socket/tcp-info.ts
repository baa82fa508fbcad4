/** What the kernel knows of a connection. */
import { Socket } from 'node:net'
import { notConnected, notListening, statusError } from './errors.ts'
import { native } from './native.ts'
import { handleDescriptor } from './node-internals.ts'
import { descriptorOf, NOT_YET, type Target } from './target.ts'

/** Where a connection is in its life (RFC 9293, 3.3.2); `close-wait`: the peer has closed it, this end has not. */
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
 * What the kernel knows of a connection. Durations are in milliseconds; `undefined`: this system does not tell, or
 * there is no connection. Linux tells all of it; elsewhere state, round trip and `totalRetransmits` are sure.
 */
export interface TcpInfo {
  /** Where the connection is in its life. */
  readonly state: TcpState
  /**
   * Since anything came from the peer, be it data or an acknowledgement. Linux; FreeBSD where keepalive ends the connection within
   * 71 minutes, after which the kernel's number begins again. Where values are set there on a connection that has been silent for
   * longer, it may be too small until `time` has gone by.
   */
  readonly silentFor: number | undefined
  /** Probes sent since then; one that is just on its way counts too. Linux. */
  readonly unansweredProbes: number | undefined
  /** How often in a row the oldest unacknowledged data was sent again. Linux. */
  readonly retransmits: number | undefined
  /** All that was sent again in the life of the connection: segments, on macOS and Windows bytes. */
  readonly totalRetransmits: number | undefined
  /**
   * Sent and not acknowledged: segments on Linux, bytes on Windows, and on macOS bytes together with those that are
   * not sent yet. 0 means the same everywhere.
   */
  readonly unacknowledged: number | undefined
  /** Written to the socket and not sent yet, in bytes: the peer's window, or the network, has no room for it. Linux 4.6. */
  readonly unsent: number | undefined
  /** The round trip, smoothed. */
  readonly roundTrip: number | undefined
  /** How much the round trip varies. Not on Windows. */
  readonly roundTripVariance: number | undefined
  /** How long the kernel waits for an acknowledgement before it sends again. Not on Windows; on macOS while it waits. */
  readonly retransmissionTimeout: number | undefined
}

/** How many numbers the binding gives. */
export const INFO_LENGTH = 10

/** Where the binding writes them; read at once, so one array serves every call. */
const numbers = new Int32Array(INFO_LENGTH)

/**
 * Reads what the kernel knows of a connection: how long the peer has been silent, what it has left unanswered, and
 * how the way to it is. One system call on Linux (TCP_INFO), macOS (TCP_CONNECTION_INFO) and Windows (SIO_TCP_INFO), up to five on
 * FreeBSD (TCP_INFO); nothing is sent.
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
 * What the kernel knows of a connection, also while it is just being destroyed: Node calls the socket destroyed already, yet its
 * descriptor is still open. `undefined` where it cannot be told. Never throws.
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
