/** A pool that enters all its connections in the ledger, and knows on which connection each query is sent. */
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
  /** Whether each connection has its own hold. Otherwise an install covers it. */
  readonly holds: boolean
}

export class HeldPool {
  readonly size: number
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
      client.on('error', () => {}) // the rejection of the current query counts
    })
    this.#pool.on('error', (_, client) => this.#tell(client))
  }

  /** Whether a query can be sent without opening a connection or waiting for one. */
  get hasIdle(): boolean {
    return this.#pool.idleCount > 0 && this.#pool.waitingCount === 0
  }

  /** Sends a query on one connection. The pool removes a connection that fails. */
  async query(text: string, values: readonly unknown[] = []): Promise<boolean> {
    return this.#query(await this.#pool.connect(), text, values)
  }

  /** Resolves when all connections have answered a query at the same time. Opens new ones if necessary. */
  async whole(): Promise<void> {
    for (;;) {
      const opened = await Promise.allSettled(Array.from({ length: this.size }, () => this.#pool.connect()))
      const clients = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const answers = await Promise.all(clients.map((client) => this.#query(client, 'select 1', [])))
      if (answers.length === this.size && answers.every(Boolean)) return
      await sleep(200) // a server that has just started may refuse some
    }
  }

  async #query(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<boolean> {
    try {
      await client.query(text, [...values])
      client.release()
      this.answered++
      return true
    } catch (error) {
      // An error of the statement does not end the connection.
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
