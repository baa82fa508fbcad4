import { spawn as spawnHere } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { Host } from './host.ts'
import { programsAreRoot } from './namespaces.ts'
import { findTool, toolFolders } from './tools.ts'

export interface Postgres {
  /** What a client needs: `new pg.Client(postgres.connection)`. */
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
  }
  /** Ends the server and removes its files. The end of this process does the same. */
  stop(): Promise<void>
}

/** Why no PostgreSQL can be started here, in one sentence, or undefined where one can. */
export async function postgresUnavailable({ tls = false }: { readonly tls?: boolean } = {}): Promise<
  string | undefined
> {
  if (programFolder() === undefined) return 'PostgreSQL is not installed (Debian package postgresql).'
  if (tls && findTool('openssl') === undefined) return 'A certificate needs openssl (Debian package openssl).'
  if (await programsAreRoot())
    return 'PostgreSQL refuses to run as root, and this system forbids user namespaces.'
  return undefined
}

/**
 * Starts a new, empty PostgreSQL on a host; resolves when it accepts connections, without a password, from
 * everywhere. It keeps its files in a temporary folder. `tls`: it has a certificate, signed by itself.
 */
export async function startPostgres(
  host: Host,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<Postgres> {
  const programs = programFolder()
  if (programs === undefined) throw new Error(await postgresUnavailable())
  const folder = await mkdtemp(join(tmpdir(), 'lab-postgres-'))
  const removeFolder = removeAtTheEnd(folder)
  const data = join(folder, 'data')
  let server: ChildProcess | undefined
  const stop = async (): Promise<void> => {
    server?.kill('SIGQUIT') // at once: nobody wants its data
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit')
    await removeFolder()
  }
  try {
    const cluster = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-sync']
    await finish(host.spawn(join(programs, 'initdb'), cluster, { stdio: ['ignore', 'ignore', 'pipe'] }))
    await appendFile(join(data, 'pg_hba.conf'), 'host all all all trust\n')
    if (tls) await makeCertificate(data)
    const settings = {
      listen_addresses: '*',
      unix_socket_directories: folder,
      fsync: 'off',
      ssl: tls ? 'on' : 'off',
    }
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    server = host.spawn(join(programs, 'postgres'), ['-D', data, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await untilSaid(server, 'ready to accept connections')
  } catch (error) {
    await stop()
    throw error
  }
  return { connection: { host: host.address, port: 5432, user: 'postgres', database: 'postgres' }, stop }
}

/** Debian keeps the server's programs out of the PATH, in a folder for each version. */
function programFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...toolFolders]
  return folders.find((folder) => findTool('initdb', [folder]) && findTool('postgres', [folder]))
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

async function makeCertificate(data: string): Promise<void> {
  const key = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const files = ['-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')]
  const words = ['req', '-x509', '-subj', '/CN=server', '-days', '2', ...key, ...files]
  await finish(spawnHere(findTool('openssl') ?? 'openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] }))
}

async function finish(program: ChildProcess): Promise<void> {
  const complaint = program.stderr ? text(program.stderr) : Promise.resolve('')
  const [code] = await once(program, 'exit')
  if (code !== 0) throw new Error(`${program.spawnargs.join(' ')}: ${await complaint}`)
}

async function untilSaid(program: ChildProcess, words: string): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    program.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (said.includes(words)) resolve()
    })
    program.once('error', reject)
    program.once('close', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
  })
}
