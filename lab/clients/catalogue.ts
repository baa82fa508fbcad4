/** The facts that the tests know about each client library, and the servers. */
import { readdirSync } from 'node:fs'
import * as databases from '../servers/databases.ts'
import { postgres } from '../servers/postgres.ts'
import type { ServerKind } from '../servers/service.ts'
import { http, http2 } from '../servers/web.ts'

const NAMES = ['http', 'http2', 'mariadb', 'mosquitto', 'nats', 'postgres', 'rabbitmq', 'redis'] as const
export type ServerName = (typeof NAMES)[number]

export const servers: Readonly<Record<ServerName, ServerKind>> = { ...databases, http, http2, postgres }

/** "time/interval/retries" in seconds and a count, or that keepalive is off. */
type Values = `${number}/${number}/${number}` | 'off'

type Overwrites = 'never' | 'with a delay' | 'always'

/** The part of a file in `programs/` that the tests read. `load` in shared.mjs adds the defaults. */
export interface Client {
  /** By default the file's name; undefined for a part of Node that needs no import. */
  readonly package: string | undefined
  /** It is a layer over this client, and has no row in the matrix. */
  readonly over?: string
  /** By default a server that accepts everything and answers nothing. */
  readonly server?: ServerName
  /** By default true, and false for a layer. */
  readonly tls: boolean | 'only'
  /** It does not reconnect if its server ends the connection before any answer. */
  readonly connectsOnce?: boolean
  /** Its example opens no connection over TLS. */
  readonly plainExample?: boolean
  /** Its own keepalive options, for a delay of so many seconds. */
  readonly own?: (seconds: number) => object
  /** How a program gets its socket, for the table in docs/drivers.md. */
  readonly way: string
  /** The values of its sockets by default. */
  readonly left?: Values
  readonly leftByOwn?: Values
  /** Whether it replaces values that were set at 'connect'. */
  readonly overwrites: Overwrites
  /** What differs over TLS up to Node 22, whose `tls.connect()` ignores the keepalive options of a socket. */
  readonly underTlsUpTo22?: { readonly left?: Values; readonly overwrites?: Overwrites }
  /** How it takes part in the death clock. `own`: its ping, if it has no keepalive options. */
  readonly clock?: { readonly own?: object }
}

const { load } = (await import(new URL('shared.mjs', import.meta.url).href)) as {
  load(name: string): Promise<Client>
}
const files = readdirSync(new URL('programs', import.meta.url))
const names = files.map((file) => file.replace(/\.mjs$/, ''))

export const clients: ReadonlyMap<string, Client> = new Map(
  await Promise.all(names.map(async (name) => [name, await load(name)] as const)),
)
