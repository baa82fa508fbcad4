/** The program on the client: pools under load. It receives commands, and reports what has happened. */
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ClientConfig } from 'pg'
import { installKeepAlive } from 'tcp-keepalive'
import type { Inside } from '../../lab/network/program.ts'
import { Random } from '../random.ts'
import { HeldPool } from './held-pool.ts'
import { type Ended, Ledger } from './ledger.ts'
import { Load, TABLE } from './load.ts'
import { DETECT_WITHIN } from './promise.ts'

export interface ClientOptions {
  readonly connection: ClientConfig & { readonly host: string; readonly port: number }
  /** The size of each pool. */
  readonly sizes: readonly number[]
  readonly by: 'hold' | 'install'
  readonly seed: number
}

/** What a process has after a garbage collection; memory in bytes. */
export interface Footprint {
  readonly descriptors: number
  readonly resident: number
  readonly heap: number
}

export interface Round {
  readonly ended: readonly Ended[]
  /** The longest time that this process was late, in milliseconds. */
  readonly lateMs: number
}

/** The commands, and their answers. */
export interface Answers {
  whole: undefined
  startLoad: undefined
  stopLoad: undefined
  askLarge: undefined
  /** Open connections, and the number of queries answered since the start. */
  status: { readonly open: number; readonly answered: number }
  round: Round
  footprint: Footprint
}

export type Command = keyof Answers

/** The interval of the event loop's clock in milliseconds. A tick that takes longer is late. */
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
  const answers: { [Name in Command]: () => Answers[Name] | Promise<Answers[Name]> } = {
    whole: async () => void (await Promise.all(pools.map((pool) => pool.whole()))),
    startLoad: () => load.start() as undefined,
    stopLoad: () => load.stop() as undefined,
    askLarge: () => load.askLarge() as undefined,
    status: () => ({ open: ledger.open, answered: pools.reduce((sum, { answered }) => sum + answered, 0) }),
    round: () => {
      const lateMs = Math.max(0, clock.max / 1e6 - TICK)
      clock.reset()
      return { ended: ledger.takeEnded(), lateMs }
    },
    footprint: () => {
      globalThis.gc?.()
      const { rss, heapUsed } = process.memoryUsage()
      return { descriptors: readdirSync('/proc/self/fd').length, resident: rss, heap: heapUsed }
    },
  }
  await pools[0]?.query(TABLE)
  for (;;) {
    const command = await next<Command>()
    tell(command, await answers[command]())
  }
}
