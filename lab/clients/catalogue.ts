/** What the tests know of each client library, and the servers it is tried on. */
import { readdirSync } from 'node:fs'
import type { Host } from '../network/host.ts'
import { mariadb } from '../servers/mariadb.ts'
import { mosquitto } from '../servers/mosquitto.ts'
import { nats } from '../servers/nats.ts'
import { postgres } from '../servers/postgres.ts'
import { rabbitmq } from '../servers/rabbitmq.ts'
import { redis } from '../servers/redis.ts'
import type { Server, ServerKind } from '../servers/server.ts'
import { http, http2 } from '../servers/web.ts'

export type ServerName =
  | 'http'
  | 'http2'
  | 'mariadb'
  | 'mosquitto'
  | 'nats'
  | 'postgres'
  | 'rabbitmq'
  | 'redis'

export const servers: Readonly<Record<ServerName, ServerKind>> = {
  http,
  http2,
  mariadb,
  mosquitto,
  nats,
  postgres,
  rabbitmq,
  redis,
}

/** How long, how often: "time/interval/retries" in seconds and a count, or that keepalive is off. */
type Values = `${number}/${number}/${number}` | 'off'

type Overwrites = 'never' | 'with a delay' | 'always'

/** What a file in `programs/` says, as far as it is not for the process of the client alone. */
export interface Client {
  /** Undefined for what is a part of Node and needs no import. */
  readonly package: string | undefined
  /** It is a layer over this client, and has no row in the matrix. */
  readonly over?: string
  /** Left out: a server that takes everything and answers nothing. */
  readonly server?: ServerName
  readonly tls?: boolean | 'only'
  /** It does not connect again where its server has hung up before any answer. */
  readonly connectsOnce?: boolean
  /** Its example opens no connection over TLS. */
  readonly plainExample?: boolean
  /** Its own keepalive options, for a delay of 45 s. */
  readonly own?: object
  /** How a program comes to its socket, for the table in docs/drivers.md. */
  readonly way: string
  /** What it leaves on its sockets by default. */
  readonly left?: Values
  readonly leftByOwn?: Values
  /** Whether values that are there at 'connect' are lost. */
  readonly overwrites?: Overwrites
  /** What differs over TLS up to Node 22, whose `tls.connect()` leaves the keepalive options of a socket out. */
  readonly underTlsUpTo22?: { readonly left?: Values; readonly overwrites?: Overwrites }
  /** Left out: it plays no part in the death clock. */
  readonly clock?: object
}

const files = readdirSync(new URL('programs', import.meta.url)).filter((file) => file !== 'request.mjs')

export const clients: ReadonlyMap<string, Client> = new Map(
  await Promise.all(
    files.map(async (file) => {
      const { default: client } = (await import(`./programs/${file}`)) as { default: Client }
      return [file.replace(/\.mjs$/, ''), client] as const
    }),
  ),
)

/** Why not all servers can be started here; undefined where they can. */
export function serversUnavailable(): string | undefined {
  const reasons = Object.values<ServerKind>(servers).map((kind) => kind.unavailable())
  return reasons.find((reason) => reason !== undefined)
}

/** Starts several side by side; where one fails, none is left. */
export async function startServers(
  host: Host,
  names: readonly ServerName[],
): Promise<ReadonlyMap<ServerName, Server>> {
  const starting = names.map(async (name) => [name, await servers[name].start(host)] as const)
  const settled = await Promise.allSettled(starting)
  const started = new Map(settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
  const failed = settled.find((one) => one.status === 'rejected')
  if (!failed) return started
  await stopServers(started)
  throw failed.reason
}

/** Starts several for as long as they are used. */
export async function withServers<T>(
  host: Host,
  names: readonly ServerName[],
  use: (started: ReadonlyMap<ServerName, Server>) => Promise<T>,
): Promise<T> {
  const started = await startServers(host, names)
  try {
    return await use(started)
  } finally {
    await stopServers(started)
  }
}

export async function stopServers(started: ReadonlyMap<ServerName, Server>): Promise<void> {
  await Promise.all([...started.values()].map((server) => server.stop()))
}
