/** A server program on a host: a folder of its own, started until it is ready, and nothing left of it at the end. */
import { spawn as spawnHere, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { Host } from '../network/host.ts'
import { certificate } from './certificate.ts'
import type { Server, ServerKind } from './server.ts'

export interface StartOptions {
  /** What the program prints once it accepts connections. */
  readonly ready: string
  readonly env?: Readonly<Record<string, string>>
}

export class Service {
  /** Where it keeps its files, a temporary folder. */
  readonly folder: string
  readonly #name: string
  readonly #removeFolder: () => Promise<void>
  #program: ChildProcess | undefined

  constructor(name: string, folder: string) {
    this.#name = name
    this.folder = folder
    this.#removeFolder = removeAtTheEnd(folder)
  }

  /** Sets up and starts; where that fails, nothing is left of it. */
  async begin(setUp: () => Promise<void>): Promise<{ stop(): Promise<void> }> {
    try {
      await setUp()
    } catch (error) {
      await this.#stop()
      throw error
    }
    return { stop: () => this.#stop() }
  }

  /** Starts the program; resolves when it has said that it is ready. */
  async start(host: Host, command: string, args: readonly string[], options: StartOptions): Promise<void> {
    this.#program = host.spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, HOME: this.folder, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await untilSaid(this.#program, options.ready, this.#name)
  }

  async #stop(): Promise<void> {
    const program = this.#program
    program?.kill('SIGQUIT') // at once: nobody wants its data
    if (program?.exitCode === null && program.signalCode === null) {
      const late = setTimeout(() => program.kill('SIGKILL'), 1000) // a server that takes its time over SIGQUIT
      await once(program, 'exit')
      clearTimeout(late)
    }
    await this.#removeFolder()
  }
}

interface Described extends Pick<ServerKind, 'name' | 'unavailable'>, Pick<Server, 'port' | 'tlsPort'> {
  /** Starts the program; `at` gives the path of a file in its folder, where `server.key` and `server.crt` are. */
  begin(service: Service, host: Host, at: (file: string) => string): Promise<void>
}

/** A kind of server that is a {@link Service} with a certificate. */
export function serviceKind({ name, unavailable, port, tlsPort, begin }: Described): ServerKind {
  return {
    name,
    unavailable,
    async start(host) {
      const service = await openService(name.toLowerCase())
      const at = (file: string): string => join(service.folder, file)
      const { stop } = await service.begin(async () => {
        await putCertificate(at('server.key'), at('server.crt'))
        await begin(service, host, at)
      })
      return { port, tlsPort, stop }
    },
  }
}

/** @param name goes into the folder's name and into errors */
export async function openService(name: string): Promise<Service> {
  return new Service(name, await mkdtemp(join(tmpdir(), `lab-${name}-`)))
}

/**
 * Removes a folder when it is told to, or when this process has ended, however it ended: the pipe closes then. A
 * server that is just being killed may still write, hence "until"; detached, so that Ctrl-C leaves it its work.
 */
function removeAtTheEnd(folder: string): () => Promise<void> {
  const script = 'cat; until rm -rf "$0"; do sleep 0.1; done'
  const janitor = spawnHere('sh', ['-c', script, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const done = once(janitor, 'exit')
  return async () => {
    janitor.stdin.end()
    await done
  }
}

/** Writes a certificate and its key, which PostgreSQL takes only where nobody else may read it. */
export async function putCertificate(key: string, path: string): Promise<void> {
  await writeFile(key, certificate.key, { mode: 0o600 })
  await writeFile(path, certificate.cert)
}

/** Waits for a program that is to end well. */
export async function finish(program: ChildProcess): Promise<void> {
  const complaint = program.stderr ? text(program.stderr) : Promise.resolve('')
  const [code] = await once(program, 'exit')
  if (code !== 0) throw new Error(`${program.spawnargs.join(' ')}: ${await complaint}`)
}

async function untilSaid(program: ChildProcess, words: string, name: string): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const outputs = [program.stdout, program.stderr]
    const listen = (chunk: string): void => {
      said += chunk
      if (!said.includes(words)) return
      // What it says from then on is thrown away: a server that runs for long may say much.
      for (const output of outputs) output?.off('data', listen).resume()
      resolve()
    }
    for (const output of outputs) output?.setEncoding('utf8').on('data', listen)
    program.once('error', reject)
    program.once('close', () => reject(new Error(`${name} did not start: ${said}`)))
  })
}
