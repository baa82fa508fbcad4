/** One variant of a client: with its defaults or its own keepalive options, with or without TLS. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { Client } from '../../lab/clients/catalogue.ts'
import type { Bench } from '../../lab/clients/matrix.ts'
import type { ClientProcess, Manner, Seen } from '../../lab/clients/processes.ts'
import type { Relayed } from '../../lab/servers/relay.ts'

/** The requested values, in milliseconds. No client sets any of these by default. */
const ASKED = { time: 11_000, interval: 3000, retries: 5, userTimeout: 25_500 }
const HELD = { enabled: 1, time: 11, interval: 3, retries: 5, userTimeout: 25_500 }

export interface Variant {
  readonly tls: boolean
  readonly own: boolean
}

export function variantsOf(client: Client): Variant[] {
  const plain = client.tls === 'only' ? [] : [false]
  const secured = client.tls ? [true] : []
  const options = client.own ? [false, true] : [false]
  return [...plain, ...secured].flatMap((tls) => options.map((own) => ({ tls, own })))
}

/** One trial: a variant of a client, and the way in which its sockets get values. */
export interface Setting {
  readonly client: Client
  readonly process: ClientProcess
  readonly variant: Variant
  readonly how: Manner
  /** The Node that it runs on. */
  readonly major: number
  /** The server's name there; left out: it is reached by its address. */
  readonly host?: string
}

/** One variant of a client, opened, used and read. */
export class Trial {
  readonly #t: ExecutionContext
  readonly #setting: Setting
  readonly #way: Relayed

  private constructor(t: ExecutionContext, setting: Setting, way: Relayed) {
    this.#t = t
    this.#setting = setting
    this.#way = way
  }

  /** Waits for the answer to the first query. */
  static async begin(t: ExecutionContext, bench: Bench, setting: Setting): Promise<Trial> {
    const { client, process, variant, how } = setting
    const way = await bench.wayTo(client, variant.tls)
    const where = { host: setting.host ?? bench.lab.server.address, port: way.port, tls: variant.tls }
    await process.open({ where, own: variant.own, how, values: ASKED })
    const trial = new Trial(t, setting, way)
    await trial.use()
    return trial
  }

  /** A query. If the server does not answer, resolves when the query has arrived. */
  async use(): Promise<void> {
    const { client, process } = this.#setting
    if (client.server) return process.use()
    const before = this.#way.connections()
    await process.begin()
    while (this.#way.connections() === before) await sleep(10)
  }

  sockets(): Seen[] {
    return this.#setting.process.sockets(this.#way.port)
  }

  /** The values that the client set itself, or its changes to the values that were set at 'connect'. */
  left(how: 'bare' | 'at connect'): void {
    const { client, major } = this.#setting
    const { tls, own } = this.#setting.variant
    const differing = tls && major <= 22 ? client.underTlsUpTo22 : undefined
    const { overwrites } = { ...client, ...differing }
    const byItself = differing?.left ?? (own ? client.leftByOwn : client.left)
    const lost = overwrites === 'always' || (overwrites === 'with a delay' && own)
    const expected = how === 'at connect' && !lost ? '11/3/5' : (byItself ?? 'said in the file of the client')
    for (const socket of this.#open()) this.#t.is(valuesOf(socket), expected, this.#title(how))
  }

  held(when: string): void {
    for (const { localPort: _, peerPort: __, ...values } of this.#open()) {
      this.#t.deepEqual(values, HELD, this.#title(when))
    }
  }

  /** The server ends every connection; the client connects again for the next query. */
  async reconnect(): Promise<void> {
    const before = new Set(this.sockets().map(({ localPort }) => localPort))
    await this.#way.drop()
    // A client may lose its first query with the connection, or lose the connection right after an answer. So a new connection only
    // counts if it still exists a moment later.
    const isNew = (): boolean => {
      const ports = this.sockets().map(({ localPort }) => localPort)
      return ports.length > 0 && ports.every((port) => !before.has(port))
    }
    for (let attempt = 0, seen = 0; attempt < 300 && seen < 2; attempt++) {
      if (!isNew()) await this.use()
      await sleep(50)
      seen = isNew() ? seen + 1 : 0
    }
    for (const { localPort } of this.#open()) this.#t.false(before.has(localPort), 'a new connection')
  }

  async end(): Promise<void> {
    await this.#setting.process.close()
  }

  #open(): Seen[] {
    const sockets = this.sockets()
    this.#t.true(sockets.length > 0, this.#title('has a connection'))
    return sockets
  }

  #title(when: string): string {
    const { tls, own } = this.#setting.variant
    return `${tls ? 'TLS' : 'plain'}, ${own ? 'own options' : 'defaults'}, ${when}`
  }
}

function valuesOf({ enabled, time, interval, retries }: Seen): string {
  return enabled ? `${time}/${interval}/${retries}` : 'off'
}
