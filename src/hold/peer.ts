/** The other end of a connection, as the channels name it, and what the connection was doing. */
import type { Socket } from 'node:net'
import { handleOf, hostAskedFor, keepsPeer, unhandedBytes } from '../socket/node-internals.ts'
import { lastInfo, type TcpInfo } from '../socket/tcp-info.ts'
import type { Destination } from './destination.ts'
import type { Outcome } from './outcome.ts'

/** The other end of a connection. */
export interface KeepAlivePeer {
  /**
   * The requested host, as given to `connect()`: a name or an address. `undefined` for accepted connections, and if
   * `connect()` got an address before the socket was held.
   */
  readonly host: string | undefined
  /** The address of the connection; `undefined` if the peer had already gone. */
  readonly address: string | undefined
  /** The port of the connection; for an accepted connection, the client's port. */
  readonly port: number | undefined
}

/**
 * What a connection was doing:
 *
 * - `waiting`: no data was on its way to the peer;
 * - `writing`: written data was unacknowledged;
 * - `connecting`: there was no connection yet.
 */
export type Doing = 'waiting' | 'writing' | 'connecting'

/** What is known about a running `connect()`, and about the peer. */
interface Seen {
  readonly attempt: { readonly to: Destination | undefined; readonly address: string | undefined } | undefined
  peer: KeepAlivePeer | undefined
}

/**
 * The other end of an open connection. It is read early, because the address cannot be read after the kernel has given up. It is stored
 * here only if Node does not store all of it itself.
 */
export function knownPeer(connection: Socket, seen: Seen): KeepAlivePeer {
  if (seen.peer !== undefined) return seen.peer
  const { to, address } = seen.attempt ?? {}
  const peer = {
    host: to?.host ?? hostAskedFor(connection),
    address: address ?? connection.remoteAddress,
    port: to?.port ?? connection.remotePort,
  }
  if (to !== undefined || address !== undefined || !keepsPeer(connection)) seen.peer = peer
  return peer
}

/** For a living connection; `undefined` if the system does not report it. */
export function doingNow(connection: Socket): Doing | undefined {
  return handleOf(connection) === undefined ? undefined : ofInfo(connection, lastInfo(connection))
}

/** What is known about a connection that ends with an error. */
interface End {
  readonly outcome: Outcome
  /** The kernel's information; `undefined` if it cannot be read. */
  readonly info: TcpInfo | undefined
  /** Whether data may be unacknowledged, according to the last look of the sweep; `undefined` without a deadline. */
  readonly isPending: boolean | undefined
}

/**
 * For a connection that ends with an error; `undefined` if unknown. When the kernel gives up, it forgets the data in
 * flight (tcp_write_queue_purge() in net/ipv4/tcp.c), but not the number of retransmissions. If that is 0, keepalive ended the
 * connection. A reset may come at any time.
 */
export function doingAtEnd(connection: Socket, { outcome, info, isPending }: End): Doing | undefined {
  if (isPending !== undefined) return isPending ? 'writing' : 'waiting'
  const doing = ofInfo(connection, info)
  return doing === 'writing' || outcome === 'no-answer' ? doing : undefined
}

function ofInfo(connection: Socket, info: TcpInfo | undefined): Doing | undefined {
  const { unacknowledged = 0, unsent = 0, retransmits = 0 } = info ?? {}
  if (unhandedBytes(connection) > 0 || unacknowledged + unsent + retransmits > 0) return 'writing'
  return (info?.unacknowledged ?? info?.retransmits) === undefined ? undefined : 'waiting'
}
