/** A client library in a process of its own on the laboratory's client, and its sockets as another process reads them. */
import { fileURLToPath } from 'node:url'
import type { KeepAliveOptions } from 'tcp-keepalive'
import type { Host } from '../network/host.ts'
import type { Program, ProgramOptions } from '../network/program.ts'
import { type Readback, runReadback } from '../readback/readback.ts'

/** How the sockets get values: see `inside.mjs`. */
export type Manner = 'bare' | 'example' | 'install' | 'at connect'

interface Opening {
  readonly where: { readonly host: string; readonly port: number; readonly tls: boolean }
  /** With the client's own keepalive options. */
  readonly own: boolean
  readonly how: Manner
  readonly values?: KeepAliveOptions
}

export interface Seen extends Readback {
  readonly localPort: number
  readonly peerPort: number
}

/** The servers' certificates are signed by themselves. */
const ENVIRONMENT = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }

export class ClientProcess {
  readonly #program: Program<void>
  #pid = 0

  private constructor(program: Program<void>) {
    this.#program = program
  }

  static async start(host: Host, name: string, options: ProgramOptions = {}): Promise<ClientProcess> {
    const env = { ...ENVIRONMENT, ...options.env }
    const module = new URL('inside.mjs', import.meta.url)
    const program = host.startModule(module, 'drive', name, { ...options, env })
    const client = new ClientProcess(program)
    client.#pid = (await program.event<number>('pid')).data
    return client
  }

  open(opening: Opening): Promise<void> {
    return this.#do({ action: 'open', ...opening })
  }

  /** A query, or the most similar request; repeated until there is an answer. */
  use(): Promise<void> {
    return this.#do({ action: 'use' })
  }

  /** A query that gets no answer. */
  begin(): Promise<void> {
    return this.#do({ action: 'begin' })
  }

  close(): Promise<void> {
    return this.#do({ action: 'close' })
  }

  /** Its connections to a port, as another process reads them. */
  sockets(port: number): Seen[] {
    return socketsOf(this.#pid).filter(({ peerPort }) => peerPort === port)
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }

  async #do(message: unknown): Promise<void> {
    this.#program.send(message)
    const { data: error } = await this.#program.event<string | undefined>('done')
    if (error !== undefined) throw new Error(error)
  }
}

/** Options for a process whose system resolves the server's name with this hosts file. */
export function knowingName(file: string, node: string = process.execPath): ProgramOptions {
  return { node: fileURLToPath(new URL('named-node.sh', import.meta.url)), env: { HOSTS: file, NODE: node } }
}

/** Every connected TCP socket of a process, as another process reads them. */
export function socketsOf(pid: number): Seen[] {
  return runReadback([String(pid)]) as Seen[]
}
