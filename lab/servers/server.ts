import type { Host } from '../network/host.ts'

/** A server at work on a host. */
export interface Server {
  readonly port: number
  /** Where it speaks TLS from the first byte; `port` where the client asks for TLS after a greeting. */
  readonly tlsPort: number
  /** Ends the server and removes its files. The end of this process does the same. */
  stop(): Promise<void>
}

/** A kind of server: what it takes, and how one is started. */
export interface ServerKind {
  /** What it is called in a sentence. */
  readonly name: string
  /** Why none can be started here, in one sentence, or undefined where one can. */
  unavailable(): string | undefined
  /** Starts a new, empty one with a certificate of its own; resolves when it accepts connections from everywhere. */
  start(host: Host): Promise<Server>
}
