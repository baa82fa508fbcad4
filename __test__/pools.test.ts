/** The recipe of docs/pools.md, as it stands there, in a pool of pg clients on a PostgreSQL across the router. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { Pool, PoolClient } from 'pg'
import { type Lab, openLab } from './lab/lab.ts'
import { type Postgres, startPostgres } from './lab/postgres.ts'
import type { Program } from './lab/program.ts'
import { withPostgres } from './needs.ts'

const CLIENTS = 20

interface Refusals {
  readonly count: number
  /** What each took, in milliseconds. */
  readonly times: readonly number[]
}

/** The functions of this name in the code blocks of the document. */
function recipe(...names: string[]): string {
  const text = readFileSync(new URL('../docs/pools.md', import.meta.url), 'utf8')
  return names
    .map((name) => {
      const [found] = new RegExp(`^(async )?function ${name}\\(.*?^}$`, 'ms').exec(text) ?? []
      if (found === undefined) throw new Error(`there is no ${name} in docs/pools.md`)
      return found
    })
    .join('\n')
}

/** A process with a pool of idle clients, which does what it is told. */
async function startPool(lab: Lab, postgres: Postgres): Promise<Program<void>> {
  const program = lab.client.start(
    async ({ connection, count, code }, { tell, next }) => {
      const { default: pg } = await import('pg')
      const { getTcpInfo, setKeepAlive } = await import('tcp-keepalive')
      type Client = PoolClient & { connection: { stream: Socket } }
      type Checkout = (pool: Pool) => Promise<Client>
      let refused = 0
      const told = (socket: Socket): ReturnType<typeof getTcpInfo> => {
        const info = getTcpInfo(socket)
        if ((info.unansweredProbes ?? 0) > 0 || (info.unacknowledged ?? 0) > 0) refused++
        return info
      }
      // oxlint-disable-next-line no-new-func -- the code of the document
      const checkout = new Function('getTcpInfo', `${code}\nreturn checkout`)(told) as Checkout
      const pool = new pg.Pool({
        ...connection,
        max: count,
        connectionTimeoutMillis: 1500,
        idleTimeoutMillis: 0,
      })
      pool.on('connect', (client) => {
        setKeepAlive((client as Client).connection.stream, { time: 1000, interval: 1000, retries: 30 })
      })
      pool.on('error', () => {})
      const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()))
      for (const client of clients) client.release()
      tell('ready')
      for (;;) {
        const task = await next<{ name: string; count: number }>()
        if (task.name === 'healthy') {
          const start = performance.now()
          for (let index = 0; index < task.count; index++) {
            const client = await checkout(pool)
            if (index % 10 === 0) await client.query('select 1')
            client.release()
          }
          tell('healthy', { refused, took: performance.now() - start })
        } else if (task.name === 'refuse') {
          // What one refusal takes is the time from one release to the next.
          const times: number[] = []
          let last = performance.now()
          pool.on('release', () => {
            times.push(performance.now() - last)
            last = performance.now()
          })
          await checkout(pool).catch((error: Error) => tell('no more', error.message))
          tell('refused', { count: refused, times })
        } else {
          const client = await pool.connect()
          tell('checked out')
          await client.query('select 1').then(
            () => tell('answered'),
            (error: Error) => tell('failed', error.message),
          )
        }
      }
    },
    { connection: postgres.connection, count: CLIENTS, code: recipe('isSilent', 'checkout') },
  )
  await program.event('ready')
  return program
}

async function open(t: ExecutionContext): Promise<{ lab: Lab; pool: Program<void> }> {
  const lab = await openLab(t)
  const postgres = await startPostgres(lab.server)
  t.teardown(() => postgres.stop())
  return { lab, pool: await startPool(lab, postgres) }
}

withPostgres('with the cable cut every dead connection is refused, in less than 1 ms each', async (t) => {
  const { lab, pool } = await open(t)
  await lab.cut()
  await sleep(2500) // the first probe is out after one second
  pool.send({ name: 'refuse' })
  const { data } = await pool.event<Refusals>('refused')
  const times = data.times.toSorted((a, b) => a - b)
  t.log(`${data.count} refused, in ${data.times.map((each) => each.toFixed(2)).join(', ')} ms`)
  t.is(data.count, CLIENTS)
  t.is(times.length, CLIENTS)
  // The first is compiled while it runs, and a busy machine may take the processor away during another.
  t.true((times.at(-3) ?? Number.NaN) < 1)
  // Only then does the pool try to connect anew, which the cut cable forbids.
  t.regex((await pool.event<string>('no more')).data, /timeout/)
})

withPostgres('the plain pool hands out a dead connection, and its query hangs', async (t) => {
  const { lab, pool } = await open(t)
  await lab.cut()
  await sleep(2500)
  pool.send({ name: 'plain' })
  await pool.event('checked out')
  await sleep(5000)
  t.deepEqual(
    pool.events.filter(({ name }) => name === 'answered' || name === 'failed'),
    [],
  )
})

withPostgres('with a healthy server none is refused in 10,000 checkouts', async (t) => {
  const { pool } = await open(t)
  pool.send({ name: 'healthy', count: 10_000 })
  const { data } = await pool.event<{ refused: number; took: number }>('healthy')
  t.log(`${((data.took * 1000) / 10_000).toFixed(0)} µs a checkout, every tenth with a query`)
  t.is(data.refused, 0)
})
