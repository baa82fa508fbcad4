import { existsSync, readdirSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Host } from './host.ts'
import { programsAreRoot } from './namespaces.ts'
import { finish, makeCertificate, openService } from './service.ts'
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
  const missing = postgresNotInstalled()
  if (missing) return missing
  if (tls && findTool('openssl') === undefined) return 'A certificate needs openssl (Debian package openssl).'
  if (await programsAreRoot())
    return 'PostgreSQL refuses to run as root, and this system forbids user namespaces.'
  return undefined
}

/** That its programs are missing, or undefined where they are there. */
export function postgresNotInstalled(): string | undefined {
  return programFolder() ? undefined : 'PostgreSQL is not installed (Debian package postgresql).'
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
  const service = await openService('postgres')
  const data = join(service.folder, 'data')
  const begin = async (): Promise<void> => {
    const cluster = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-sync']
    await finish(host.spawn(join(programs, 'initdb'), cluster, { stdio: ['ignore', 'ignore', 'pipe'] }))
    await appendFile(join(data, 'pg_hba.conf'), 'host all all all trust\n')
    if (tls) await makeCertificate(join(data, 'server.key'), join(data, 'server.crt'))
    const settings = {
      listen_addresses: '*',
      unix_socket_directories: service.folder,
      fsync: 'off',
      ssl: tls ? 'on' : 'off',
    }
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await service.start(host, join(programs, 'postgres'), ['-D', data, ...words], {
      ready: 'ready to accept connections',
    })
  }
  const { stop } = await service.begin(begin)
  return { connection: { host: host.address, port: 5432, user: 'postgres', database: 'postgres' }, stop }
}

/** Debian keeps the server's programs out of the PATH, in a folder for each version. */
function programFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...toolFolders]
  return folders.find((folder) => findTool('initdb', [folder]) && findTool('postgres', [folder]))
}
