/** The findings of `ps`. */
import type { Detection, KeepAlive } from 'tcp-keepalive'
import type { ProcessSocket, ProcessSockets } from './process-sockets.ts'

/** How a connection is protected. */
export type Protection =
  /** A dead peer is detected in time, while waiting and while writing. */
  | 'protected'
  /** Keepalive is off: while waiting, a dead peer is never detected. */
  | 'unprotected'
  /** A dead peer is detected while waiting. There is no user timeout, so a write waits for all retransmissions of the kernel. */
  | 'no-user-timeout'
  /** A dead peer is detected, but late. */
  | 'slow'
  /** The values could not be read; a keepalive timer runs. */
  | 'timer-only'
  /** The values could not be read, and with data in flight the kernel shows another timer. */
  | 'in-flight'
  /** Connecting or closing. */
  | 'closing'

export interface Connection extends ProcessSocket {
  readonly service: string | undefined
  /** The kernel's values; `undefined` if they could not be read. */
  readonly values: KeepAlive | undefined
  /** When a dead peer is detected with them, if timers are not late. */
  readonly detection: Detection | undefined
  /** Whether this package has lifted the user timeout, because the peer's window is closed, or has been closed before. */
  readonly lifted: boolean
  readonly protection: Protection
}

export interface ProcessConnections extends Omit<ProcessSockets, 'sockets'> {
  readonly connections: readonly Connection[]
  /** Why values could not be read, as text for the user. */
  readonly unreadable: string | undefined
}
