import { existsSync, readdirSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Host } from '../network/host.ts'
import { programsAreRoot } from '../network/namespaces.ts'
import { findTool, toolFolders } from '../network/tools.ts'
import type { ServerKind } from './server.ts'
import { finish, openService, putCertificate } from './service.ts'

export interface Postgres {
  /** What a client needs: `new pg.Client(postgres.connection)`. */
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
  }
  /** Starts it again on its host, with its data, after a restart of the host has killed it. */
  startAgain(): Promise<void>
  /** Ends the server and removes its files. The end of this process does the same. */
  stop(): Promise<void>
}

/** Why no PostgreSQL can be started here, in one sentence, or undefined where one can. */
export async function postgresUnavailable(): Promise<string | undefined> {
  const missing = postgresNotInstalled()
  if (missing) return missing
  if (await programsAreRoot())
    return 'PostgreSQL refuses to run as root, and this system forbids user namespaces.'
  return undefined
}

/** That its programs are missing, or undefined where they are there. */
export function postgresNotInstalled(): string | undefined {
  return programFolder() ? undefined : 'PostgreSQL is not installed (Debian package postgresql).'
}

export interface PostgresOptions {
  /** It has a certificate, signed by itself. */
  readonly tls?: boolean
  /** Lines of postgresql.conf, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/**
 * Starts a new, empty PostgreSQL on a host; resolves when it accepts connections, without a password, from
 * everywhere. It keeps its files in a temporary folder.
 */
export async function startPostgres(
  host: Host,
  { tls = false, settings = {} }: PostgresOptions = {},
): Promise<Postgres> {
  const programs = programFolder()
  if (programs === undefined) throw new Error(await postgresUnavailable())
  const service = await openService('postgres')
  const data = join(service.folder, 'data')
  const begin = async (): Promise<void> => {
    const cluster = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-sync']
    await finish(host.spawn(join(programs, 'initdb'), cluster, { stdio: ['ignore', 'ignore', 'pipe'] }))
    await appendFile(join(data, 'pg_hba.conf'), 'host all all all trust\n')
    if (tls) await putCertificate(join(data, 'server.key'), join(data, 'server.crt'))
    await start()
  }
  const start = async (): Promise<void> => {
    const all = {
      listen_addresses: '*',
      unix_socket_directories: service.folder,
      fsync: 'off',
      ssl: tls ? 'on' : 'off',
      ...settings,
    }
    const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await service.start(host, join(programs, 'postgres'), ['-D', data, ...words], {
      ready: 'ready to accept connections',
    })
  }
  const startAgain = async (): Promise<void> => {
    // It names a process of the machine that is gone; another may have its number now.
    await rm(join(data, 'postmaster.pid'), { force: true })
    await start()
  }
  const { stop } = await service.begin(begin)
  const connection = { host: host.address, port: 5432, user: 'postgres', database: 'postgres' }
  return { connection, startAgain, stop }
}

export const postgres: ServerKind = {
  name: 'PostgreSQL',
  unavailable: postgresNotInstalled,
  async start(host) {
    const { connection, stop } = await startPostgres(host, { tls: true })
    return { port: connection.port, tlsPort: connection.port, stop }
  },
}

/** Debian keeps the server's programs out of the PATH, in a folder for each version. */
function programFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...toolFolders]
  return folders.find((folder) => findTool('initdb', [folder]) && findTool('postgres', [folder]))
}
