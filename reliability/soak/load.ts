/** A light load: most connections are idle, some wait for a slow query, some read and write. */
import type { HeldPool } from './held-pool.ts'
import type { Random } from '../random.ts'

/** The shortest and the longest `pg_sleep`, in seconds. promise.ts depends on the longest. */
const SLOW = [0.2, 2.5] as const

/** The average time between two queries on a connection, in milliseconds: one in fifteen is busy at a time. */
const EVERY = 12_000

/** Larger than the initial window and the send buffer together. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x').toString() // allocated at once, unlike repeat()
const LARGE_QUERIES = 3

/** The lock is for two processes at a time: "if not exists" alone may fail then. */
export const TABLE = `select pg_advisory_xact_lock(1);
  create unlogged table if not exists written (at timestamptz default now(), value int)`

export class Load {
  readonly #pools: readonly HeldPool[]
  readonly #random: Random
  #timers: NodeJS.Timeout[] = []

  constructor(pools: readonly HeldPool[], random: Random) {
    this.#pools = pools
    this.#random = random
  }

  start(): void {
    this.stop()
    this.#timers = this.#pools.map((pool) =>
      setInterval(() => {
        // It opens no connection: without a server this would take long and show nothing.
        if (pool.hasIdle) void this.#askSomething(pool)
      }, EVERY / pool.size),
    )
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Sends large queries on some connections of each pool, so that their windows can close. */
  askLarge(): void {
    for (const pool of this.#pools) {
      for (let query = 0; query < LARGE_QUERIES && pool.hasIdle; query++) {
        void pool.query('select length($1::text)', [LARGE])
      }
    }
  }

  async #askSomething(pool: HeldPool): Promise<void> {
    const kind = this.#random.between(0, 1)
    if (kind < 0.4) await pool.query('select now()')
    else if (kind < 0.6)
      await pool.query('insert into written (value) values ($1)', [Math.floor(kind * 1000)])
    else await pool.query('select pg_sleep($1)', [this.#random.between(...SLOW)])
  }
}
