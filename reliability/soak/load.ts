/** A light load: most connections are idle, some wait for a slow query, some read and write. */
import type { HeldPool } from './held-pool.ts'
import type { Random } from '../random.ts'

/** What `pg_sleep` is told, in seconds; promise.ts relies on the second. */
const SLOW = [0.2, 2.5] as const

/** So many milliseconds between two queries on a connection, on average: one in fifteen is busy at a time. */
const EVERY = 12_000

/** More than a window that has not grown and a send buffer hold together. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x').toString() // takes its memory at once, unlike repeat()
const LARGE_QUERIES = 3

/** Two processes at a time may want it (PostgreSQL's "if not exists" alone is not meant for that). */
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
        // No connection is opened for it: while the server is away that would take long and tell nothing.
        if (pool.hasIdle) void this.#askSomething(pool)
      }, EVERY / pool.size),
    )
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Some connections of each pool have more to say than the kernels keep, with a window that may close. */
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
