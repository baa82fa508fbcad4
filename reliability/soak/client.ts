/** What runs in a process on the client: pools under load, which do what they are told and say what has happened. */
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ClientConfig } from 'pg'
import { installKeepAlive } from 'tcp-keepalive'
import type { Inside } from '../../lab/network/program.ts'
import { HeldPool } from './held-pool.ts'
import { type Ended, Ledger } from './ledger.ts'
import { Load, TABLE } from './load.ts'
import { DETECT_WITHIN } from './promise.ts'
import { Random } from '../random.ts'

export interface ClientOptions {
  readonly connection: ClientConfig & { readonly host: string; readonly port: number }
  /** The size of each pool. */
  readonly sizes: readonly number[]
  readonly by: 'hold' | 'install'
  readonly seed: number
}

/** What a process holds on to, after a collection of garbage. */
export interface Footprint {
  readonly descriptors: number
  /** Bytes. */
  readonly resident: number
  readonly heap: number
}

export interface Status {
  readonly open: number
  /** Queries, from the beginning on. */
  readonly answered: number
}

export interface Round {
  readonly ended: readonly Ended[]
  /** By how much this process was late at worst, in milliseconds. */
  readonly lateMs: number
}

/** What it can be told, and what it answers. */
export interface Answers {
  whole: undefined
  startLoad: undefined
  stopLoad: undefined
  askLarge: undefined
  status: Status
  round: Round
  footprint: Footprint
}

export type Command = keyof Answers

/** How often the clock of the event loop ticks, in milliseconds; it is late by what is more than that. */
const TICK = 10

export async function serve(options: ClientOptions, { tell, next }: Inside): Promise<never> {
  const { connection, sizes, by, seed } = options
  const ledger = new Ledger()
  if (by === 'install') {
    installKeepAlive({ detectWithin: DETECT_WITHIN }, { match: `${connection.host}:${connection.port}` })
  }
  const pools = sizes.map((size) => new HeldPool({ connection, size, holds: by === 'hold' }, ledger))
  const load = new Load(pools, new Random(seed))
  const clock = monitorEventLoopDelay({ resolution: TICK })
  clock.enable()
  const does: { [Name in Command]: () => Answers[Name] | Promise<Answers[Name]> } = {
    whole: async () => {
      await Promise.all(pools.map((pool) => pool.whole()))
      return undefined
    },
    startLoad: () => load.start() as undefined,
    stopLoad: () => load.stop() as undefined,
    askLarge: () => load.askLarge() as undefined,
    status: () => {
      const answered = pools.reduce((sum, pool) => sum + pool.answered, 0)
      return { open: ledger.open, answered }
    },
    round: () => {
      const lateMs = Math.max(0, clock.max / 1e6 - TICK)
      clock.reset()
      return { ended: ledger.takeEnded(), lateMs }
    },
    footprint,
  }
  await pools[0]?.query(TABLE)
  for (;;) {
    const command = await next<Command>()
    tell(command, await does[command]())
  }
}

function footprint(): Footprint {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { descriptors: readdirSync('/proc/self/fd').length, resident: rss, heap: heapUsed }
}
