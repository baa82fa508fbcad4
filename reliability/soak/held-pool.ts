/** A pool whose connections are all in the ledger, each query of which is asked on a connection that is known. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { holdKeepAlive } from 'tcp-keepalive'
import type { Ended, Ledger } from './ledger.ts'
import { DETECT_WITHIN } from './promise.ts'

type Client = pg.PoolClient & { readonly connection: { readonly stream: Socket } }

export interface PoolOptions {
  readonly connection: pg.ClientConfig
  readonly size: number
  /** Whether each connection is held by its own hold; an install covers it else. */
  readonly holds: boolean
}

export class HeldPool {
  readonly size: number
  /** How many queries have been answered. */
  answered = 0
  readonly #pool: pg.Pool
  readonly #entries = new WeakMap<pg.ClientBase, Ended>()

  constructor({ connection, size, holds }: PoolOptions, ledger: Ledger) {
    this.size = size
    this.#pool = new pg.Pool({ ...connection, max: size, idleTimeoutMillis: 0 })
    this.#pool.on('connect', (client) => {
      const { stream } = (client as Client).connection
      if (holds) holdKeepAlive(stream, { detectWithin: DETECT_WITHIN })
      this.#entries.set(client, ledger.enter(stream))
      client.on('error', () => {}) // where a query is under way, its rejection tells
    })
    this.#pool.on('error', (_, client) => this.#tell(client))
  }

  /** Whether a query can be asked without opening a connection or waiting for one. */
  get hasIdle(): boolean {
    return this.#pool.idleCount > 0 && this.#pool.waitingCount === 0
  }

  /** Asks a query on one connection; one that fails is taken out of the pool. */
  async query(text: string, values: readonly unknown[] = []): Promise<boolean> {
    return this.#ask(await this.#pool.connect(), text, values)
  }

  /** Resolves once every connection, opened anew where need be, has answered a query, all at the same time. */
  async whole(): Promise<void> {
    for (;;) {
      const opening = Array.from({ length: this.size }, () => this.#pool.connect())
      const opened = await Promise.allSettled(opening)
      const clients = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const answers = await Promise.all(clients.map((client) => this.#ask(client, 'select 1', [])))
      if (answers.length === this.size && answers.every(Boolean)) return
      await sleep(200) // a server that has just started may refuse some
    }
  }

  async #ask(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<boolean> {
    try {
      await client.query(text, [...values])
      client.release()
      this.answered++
      return true
    } catch (error) {
      // What the database says of a statement is no end of a connection.
      if (error instanceof pg.DatabaseError) throw error
      this.#tell(client)
      client.release(true)
      return false
    }
  }

  #tell(client: pg.ClientBase): void {
    const entry = this.#entries.get(client)
    if (entry === undefined) throw new Error('a client failed that the pool has not connected')
    entry.told++
  }
}
