/** A server program on a host, with a temporary folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Host } from '../network/host.ts'
import { untilPrinted } from '../run.ts'
import { certificate } from './certificate.ts'

export interface Server {
  readonly port: number
  /** The port for TLS from the first byte; `port` if the client asks for TLS after a greeting. */
  readonly tlsPort: number
  /** Ends the server and removes its files. The end of this process does the same. */
  stop(): Promise<void>
}

export interface ServerKind {
  /** Its name in a sentence. */
  readonly name: string
  /** Why this machine cannot start one, in one sentence; undefined if it can. */
  unavailable(): string | undefined
  /** Starts a new, empty server with a certificate; resolves when it accepts connections from everywhere. */
  start(host: Host): Promise<Server>
}

export interface Service {
  /** The path of a file in the temporary folder. */
  at(file?: string): string
  /** Starts the program; resolves when it prints that it is ready. */
  start(command: string, args: readonly string[], ready: RegExp, env?: NodeJS.ProcessEnv): Promise<void>
  stop(): Promise<void>
}

/** Makes the folder and sets the service up. If the setup fails, nothing remains. */
export async function openService(
  host: Host,
  name: string,
  setUp: (service: Service) => Promise<void>,
): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), `lab-${name.toLowerCase()}-`))
  const removeFolder = removeAtTheEnd(folder)
  let program: ChildProcess | undefined
  const service: Service = {
    at: (file = '') => join(folder, file),
    async start(command, args, ready, env) {
      const environment = { ...process.env, HOME: folder, ...env }
      program = host.spawn(command, args, {
        cwd: folder,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      await untilPrinted(program, ready)
    },
    async stop() {
      program?.kill('SIGQUIT') // at once: its data is not needed
      if (program?.exitCode === null && program.signalCode === null) {
        const late = setTimeout(() => program?.kill('SIGKILL'), 1000)
        await once(program, 'exit')
        clearTimeout(late)
      }
      await removeFolder()
    },
  }
  try {
    await setUp(service)
  } catch (error) {
    await service.stop()
    throw error
  }
  return service
}

/**
 * Removes a folder on request, or when this process has ended in any way, because that closes the pipe. A server that is being killed
 * may still write, hence "until". The remover is detached, so that Ctrl-C does not end it.
 */
function removeAtTheEnd(folder: string): () => Promise<void> {
  const script = 'cat; until rm -rf "$0"; do sleep 0.1; done'
  const remover = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  const done = once(remover, 'exit')
  return async () => {
    remover.stdin.end()
    await done
  }
}

/** Writes `server.key` and `server.crt`. PostgreSQL takes the key only if no other user may read it. */
export async function putCertificate(at: (file: string) => string): Promise<void> {
  await writeFile(at('server.key'), certificate.key, { mode: 0o600 })
  await writeFile(at('server.crt'), certificate.cert)
}

/** Runs a command on a host to its end; an error if it fails. */
export async function finish(host: Host, command: string, args: readonly string[]): Promise<void> {
  const program = host.spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const complaint = program.stderr ? text(program.stderr) : ''
  const [code] = await once(program, 'exit')
  if (code !== 0) throw new Error(`${program.spawnargs.join(' ')}: ${await complaint}`)
}
