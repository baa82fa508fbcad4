/** The main job: a pg client gets an error in time after its PostgreSQL is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { KeepAliveOptions } from 'tcp-keepalive'
import { type Lab, openLab } from '../lab/network/lab.ts'
import { type Postgres, startPostgres } from '../lab/servers/postgres.ts'
import type { Program } from '../lab/network/program.ts'
import { withPostgres } from './needs.ts'
import { isInTime, PAUSES, type Pauses } from '../lab/timing.ts'

const DETECT_WITHIN = 6000

interface Ended {
  readonly client: string
  readonly code: string | undefined
  readonly at: number
  /** The longest time since the clients were ready during which the program did not run. */
  readonly pausedMs: number
}

/**
 * One process with a pg client for each name: `idle` only waits, `query` waits for a long query, `write` and `late` send a query on
 * request. Options are set in the way that pg documents: by its `stream`.
 */
async function connectClients(
  lab: Lab,
  postgres: Postgres,
  names: readonly string[],
  options: KeepAliveOptions | undefined,
): Promise<Program<void>> {
  const program = lab.client.start(
    async ({ connection, clients, asked, pauses }, { tell, next }) => {
      const { default: pg } = await import('pg')
      const { setKeepAlive } = await import('tcp-keepalive')
      const now = (): number => performance.timeOrigin + performance.now()
      const { watchPauses } = (await import(pauses)) as Pauses
      const pausedSince = watchPauses()
      let readyAt = 0
      const ended = (client: string, { code }: NodeJS.ErrnoException): void => {
        tell('ended', { client, code, at: now(), pausedMs: pausedSince(readyAt) })
      }
      const all = new Map<string, InstanceType<typeof pg.Client>>()
      for (const name of clients) {
        const client = new pg.Client(connection)
        await client.connect()
        if (asked)
          setKeepAlive((client as unknown as { connection: { stream: never } }).connection.stream, asked)
        const told = (error: NodeJS.ErrnoException): void => ended(name, error)
        client.on('error', told)
        await client.query('select 1')
        if (name === 'query') client.query('select pg_sleep(600)').catch(told)
        all.set(name, client)
      }
      readyAt = now()
      tell('ready')
      for (;;) {
        const { client, sql } = await next<{ client: string; sql: string }>()
        tell('wrote', now())
        all
          .get(client)
          ?.query(sql)
          .then(
            () => tell('answered', client),
            (error: NodeJS.ErrnoException) => ended(client, error),
          )
      }
    },
    { connection: postgres.connection, clients: names, asked: options, pauses: PAUSES },
  )
  await program.event('ready')
  return program
}

/** Writes at the cut, and on another client 4 s after it. Returns when each of them started to wait. */
async function cutAndWrite(lab: Lab, program: Program<void>): Promise<Record<string, number>> {
  await sleep(300) // the long query has reached the server and is acknowledged
  const before = performance.timeOrigin + performance.now()
  await lab.cut()
  program.send({ client: 'write', sql: 'select 1' })
  const { data: wrote } = await program.event<number>('wrote')
  await sleep(4000)
  program.send({ client: 'late', sql: 'select 1' })
  const { data: wroteLate } = await program.event<number>('wrote')
  return { idle: before, query: before, write: wrote, late: wroteLate }
}

/** The first error that each client got. */
function firstEnds(program: Program<void>): Map<string, Ended> {
  const ends = new Map<string, Ended>()
  for (const { name, data } of program.events) {
    if (name === 'ended' && !ends.has((data as Ended).client)) ends.set((data as Ended).client, data as Ended)
  }
  return ends
}

const CLIENTS = ['idle', 'query', 'write', 'late']

async function open(t: ExecutionContext): Promise<{ lab: Lab; postgres: Postgres }> {
  const lab = await openLab(t)
  const postgres = await startPostgres(lab.server)
  t.teardown(() => postgres.stop())
  return { lab, postgres }
}

withPostgres('detectWithin 6 s: idle, querying and writing clients get an error within 6.0 s', async (t) => {
  const { lab, postgres } = await open(t)
  const program = await connectClients(lab, postgres, CLIENTS, { detectWithin: DETECT_WITHIN })
  const since = await cutAndWrite(lab, program)
  const deadline = Date.now() + 20_000
  while (firstEnds(program).size < CLIENTS.length && Date.now() < deadline) await sleep(100)
  const ends = firstEnds(program)
  for (const name of CLIENTS) {
    const end = ends.get(name)
    const took = (end?.at ?? Number.NaN) - (since[name] ?? Number.NaN)
    const pausedMs = end?.pausedMs ?? Number.NaN
    t.log(`${name}: ${end?.code} after ${(took / 1000).toFixed(2)} s; paused for ${pausedMs.toFixed()} ms`)
    t.is(end?.code, 'ETIMEDOUT', name)
    t.true(isInTime(took, pausedMs, DETECT_WITHIN), `${name} got its error after ${took} ms`)
  }
})

withPostgres("with the driver's defaults they all still wait after 20 s", async (t) => {
  const { lab, postgres } = await open(t)
  const program = await connectClients(lab, postgres, CLIENTS, undefined)
  await cutAndWrite(lab, program)
  await sleep(20_000)
  const heard = program.events.filter(({ name }) => name === 'ended' || name === 'answered')
  t.deepEqual(heard, [])
})

withPostgres(
  'a router that forgets connections after 3 s: a client that was idle for 10 s gets its answer, with keepalive on',
  async (t) => {
    const { lab, postgres } = await open(t)
    await lab.forget(3)
    const kept = await connectClients(lab, postgres, ['kept'], { detectWithin: DETECT_WITHIN })
    const forgotten = await connectClients(lab, postgres, ['forgotten'], undefined)
    await sleep(10_000)
    kept.send({ client: 'kept', sql: 'select 1' })
    forgotten.send({ client: 'forgotten', sql: 'select 1' })
    t.is((await kept.event('answered')).data, 'kept')
    await sleep(5000) // the other had an answer within milliseconds
    t.deepEqual(
      forgotten.events.filter(({ name }) => name === 'answered' || name === 'ended'),
      [],
    )
  },
)
