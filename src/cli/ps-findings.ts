/** What `ps` finds out. */
import type { Detection, KeepAlive } from 'tcp-keepalive'
import type { ProcessSocket, ProcessSockets } from './process-sockets.ts'

/** How a connection is protected. */
export type Protection =
  /** Whoever waits is told of a dead peer in time, and whoever writes. */
  | 'protected'
  /** Keepalive is off: whoever waits is never told. */
  | 'unprotected'
  /** Whoever waits is told, but whoever writes has to wait for the kernel's retransmissions, as there is no user timeout. */
  | 'no-user-timeout'
  /** Told, but late. */
  | 'slow'
  /** A keepalive timer runs, and its values could not be read. */
  | 'timer-only'
  /** The values could not be read, and while data is in flight another timer is shown. */
  | 'in-flight'
  /** Connecting or closing. */
  | 'closing'

export interface Connection extends ProcessSocket {
  readonly service: string | undefined
  /** What the kernel holds; `undefined` where it could not be read. */
  readonly values: KeepAlive | undefined
  /** When a dead peer is noticed with them, without the lateness of timers. */
  readonly detection: Detection | undefined
  /** Whether this package has taken the user timeout away, as the peer's window is closed, or has been. */
  readonly lifted: boolean
  readonly protection: Protection
}

export interface ProcessConnections extends Omit<ProcessSockets, 'sockets'> {
  readonly connections: readonly Connection[]
  /** Why values could not be read, for a person. */
  readonly unreadable: string | undefined
}
