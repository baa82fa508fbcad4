/** Client libraries, each in a process of its own on the laboratory's client, and what another process reads of it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { KeepAliveOptions } from 'tcp-keepalive'
import type { Host } from '../network/host.ts'
import type { Program, ProgramOptions } from '../network/program.ts'
import { type Readback, witness } from '../readback/readback.ts'

/** In what way values come to the sockets: see `inside.mjs`. */
export type Manner = 'bare' | 'example' | 'install' | 'at connect'

export interface Opening {
  readonly where: { readonly host: string; readonly port: number; readonly tls: boolean }
  /** With the client's own keepalive options. */
  readonly own: boolean
  readonly how: Manner
  readonly values?: KeepAliveOptions
}

/** A connected socket, by its ports. */
export interface Seen extends Readback {
  readonly localPort: number
  readonly peerPort: number
}

const ENVIRONMENT = {
  NODE_TLS_REJECT_UNAUTHORIZED: '0', // the servers' certificates are signed by themselves
}

export class ClientProcess {
  readonly #program: Program<void>
  #pid = 0

  private constructor(program: Program<void>) {
    this.#program = program
  }

  static async start(host: Host, name: string, options: ProgramOptions = {}): Promise<ClientProcess> {
    const program = host.startModule(new URL('inside.mjs', import.meta.url), 'drive', name, {
      ...options,
      env: { ...ENVIRONMENT, ...options.env },
    })
    const client = new ClientProcess(program)
    client.#pid = (await program.event<number>('pid')).data
    return client
  }

  async open(opening: Opening): Promise<void> {
    await this.#do({ action: 'open', ...opening })
  }

  /** A query, or what comes nearest to it; again and again until it has an answer. */
  async use(): Promise<void> {
    await this.#do({ action: 'use' })
  }

  /** A query that nobody will answer. */
  async begin(): Promise<void> {
    await this.#do({ action: 'begin' })
  }

  async close(): Promise<void> {
    await this.#do({ action: 'close' })
  }

  /** What the witness reads of its connections to a port. */
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

/** What lets a client's process know the server by a name, through its system's hosts file. */
export function knowingName(file: string, node: string = process.execPath): ProgramOptions {
  return { node: fileURLToPath(new URL('named-node.sh', import.meta.url)), env: { HOSTS: file, NODE: node } }
}

/** Every connected TCP socket of a process, read by the witness. */
export function socketsOf(pid: number): Seen[] {
  const { status, stdout, stderr } = spawnSync(witness('readback'), [String(pid)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`readback: ${stderr}`)
  return JSON.parse(stdout) as Seen[]
}
