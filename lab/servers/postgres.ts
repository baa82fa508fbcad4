import { existsSync, readdirSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Host } from '../network/host.ts'
import { programsAreRoot } from '../network/namespaces.ts'
import { findTool, toolFolders } from '../network/tools.ts'
import { finish, openService, putCertificate, type ServerKind, type Service } from './service.ts'

export interface Postgres {
  /** What a client needs: `new pg.Client(postgres.connection)`. */
  readonly connection: Readonly<{ host: string; port: number; user: string; database: string }>
  /** After a restart of its host has killed it: starts it again with its data. */
  startAgain(): Promise<void>
  /** Ends the server and removes its files. The end of this process does the same. */
  stop(): Promise<void>
}

const PORT = 5432
const AS_ROOT = 'PostgreSQL refuses to run as root, and this system forbids user namespaces.'
const NOT_INSTALLED = 'PostgreSQL is not installed (Debian package postgresql).'

/** Why this machine cannot start a PostgreSQL, in one sentence; undefined if it can. */
export async function postgresUnavailable(): Promise<string | undefined> {
  if (programFolder() === undefined) return NOT_INSTALLED
  return (await programsAreRoot()) ? AS_ROOT : undefined
}

export interface PostgresOptions {
  /** It has a certificate, signed by itself. */
  readonly tls?: boolean
  /** Lines of postgresql.conf, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** Starts a new, empty PostgreSQL on a host; resolves when it accepts connections from everywhere, without a password. */
export async function startPostgres(
  host: Host,
  { tls = false, settings = {} }: PostgresOptions = {},
): Promise<Postgres> {
  const programs = programFolder()
  if (programs === undefined) throw new Error(NOT_INSTALLED)
  const start = async ({ at, start }: Service): Promise<void> => {
    const all = {
      listen_addresses: '*',
      unix_socket_directories: at(),
      fsync: 'off',
      ssl: tls ? 'on' : 'off',
      ...settings,
    }
    const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await start(join(programs, 'postgres'), ['-D', at('data'), ...words], /ready to accept connections/)
  }
  const service = await openService(host, 'postgres', async (service) => {
    const inData = (file = ''): string => service.at(join('data', file))
    const cluster = '-U postgres -A trust --no-locale -E UTF8 --no-sync'.split(' ')
    await finish(host, join(programs, 'initdb'), ['-D', inData(), ...cluster])
    await appendFile(inData('pg_hba.conf'), 'host all all all trust\n')
    if (tls) await putCertificate(inData)
    await start(service)
  })
  const startAgain = async (): Promise<void> => {
    // It names a process of the former machine. Another process may have that number now.
    await rm(service.at('data/postmaster.pid'), { force: true })
    await start(service)
  }
  const connection = { host: host.address, port: PORT, user: 'postgres', database: 'postgres' }
  return { connection, startAgain, stop: service.stop }
}

export const postgres: ServerKind = {
  name: 'PostgreSQL',
  unavailable: () => (programFolder() ? undefined : NOT_INSTALLED),
  async start(host) {
    const { stop } = await startPostgres(host, { tls: true })
    return { port: PORT, tlsPort: PORT, stop }
  },
}

/** Debian keeps the server's programs out of the PATH, in a folder for each version. */
function programFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...toolFolders]
  return folders.find((folder) => findTool('initdb', [folder]) && findTool('postgres', [folder]))
}
