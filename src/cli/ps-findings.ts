/** What `ps` finds out. */
import type { ProcessSocket, ProcessSockets } from './process-sockets.ts'

/** `in-flight`: cannot be seen, as another timer runs while data is in flight. */
export type Protection = 'protected' | 'unprotected' | 'in-flight' | 'closing'

export interface Connection extends ProcessSocket {
  readonly service: string | undefined
  readonly protection: Protection
}

export interface ProcessConnections extends Omit<ProcessSockets, 'sockets'> {
  readonly connections: readonly Connection[]
}
