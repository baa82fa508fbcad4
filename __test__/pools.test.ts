/** The health checks of docs/pools.md: the examples unchanged, on real servers across the laboratory's router. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import ava, { type ExecutionContext } from 'ava'
import { type Lab, openLab } from '../lab/network/lab.ts'
import type { Program } from '../lab/network/program.ts'
import { labUnavailable } from '../lab/network/requirements.ts'
import { postgresUnavailable } from '../lab/servers/postgres.ts'
import { unless } from './needs.ts'
import { mariadb, redis } from '../lab/servers/databases.ts'
import { postgres } from '../lab/servers/postgres.ts'

/** The number of connections in a pool, all idle when the cable is cut. */
const COUNT = 20
const CHECKOUTS = 10_000

/** The examples' first probe is sent two seconds after the last packet. The timer may be late by an eighth. */
const PROBED_MS = 3000

const EXAMPLES = new URL('../examples/', import.meta.url)

/** What the program did between one request for a connection and the next. */
interface Refusal {
  /** How many turns the event loop made: at least one if the program waited for anything. */
  readonly turns: number
  /** How many sockets started to connect. */
  readonly connects: number
}

interface PoolKind {
  readonly name: 'pg' | 'mysql2'
  readonly server: typeof postgres
  readonly unavailable: string | undefined
  readonly config: object
  /** The pool's own function that connects. */
  readonly ask: string
}

const KINDS: readonly PoolKind[] = [
  {
    name: 'pg',
    server: postgres,
    unavailable: await postgresUnavailable(),
    config: { user: 'postgres', database: 'postgres', max: COUNT, connectionTimeoutMillis: 6000 },
    ask: 'connect',
  },
  {
    name: 'mysql2',
    server: mariadb,
    unavailable: mariadb.unavailable(),
    config: { user: 'test', database: 'test', connectionLimit: COUNT, connectTimeout: 6000 },
    ask: 'getConnection',
  },
]

const noLab = await labUnavailable()

/** A process with a pool of idle connections, controlled by messages. */
async function startPool(t: ExecutionContext, kind: PoolKind): Promise<{ lab: Lab; pool: Program<void> }> {
  const lab = await openLab(t)
  const server = await kind.server.start(lab.server)
  t.teardown(() => server.stop())
  const pool = lab.client.start(
    async ({ example, config, count, ask }, { tell, next }) => {
      interface Connection {
        query(sql: string): Promise<unknown>
        release(): void
      }
      type Pool = Record<string, () => Promise<Connection>>
      const { connect, checkout } = (await import(example)) as {
        connect(config: object): Pool
        checkout(pool: Pool): Promise<Connection>
      }
      const pool = connect(config)
      const { inspectSockets } = await import('tcp-keepalive')
      const own = pool[ask]
      const laps: Refusal[] = []
      let [turns, connects] = [0, 0]
      const turn = (): void => {
        turns++
        setImmediate(turn).unref()
      }
      const net = await import('node:net')
      const { connect: plainConnect } = net.Socket.prototype
      net.Socket.prototype.connect = function (this: object, ...args: unknown[]) {
        connects++
        return Reflect.apply(plainConnect, this, args)
      } as typeof plainConnect
      const lap = (): void => {
        laps.push({ turns, connects })
        ;[turns, connects] = [0, 0]
      }
      pool[ask] = async function () {
        lap()
        return Reflect.apply(own as () => Promise<Connection>, this, [])
      }
      const use = async (): Promise<void> => {
        const all = await Promise.all(Array.from({ length: count }, () => checkout(pool)))
        await Promise.all(all.map((connection) => connection.query('select 1')))
        for (const connection of all) connection.release()
      }
      await use() // this connects
      await use()
      tell('ready')
      for (;;) {
        const task = await next<{ name: string; count: number }>()
        laps.length = 0
        if (task.name === 'healthy') {
          for (let index = 0; index < task.count; index++) {
            const connection = await checkout(pool)
            if (index % 10 === 0) await connection.query('select 1')
            connection.release()
          }
          tell('healthy', { asked: laps.length })
        } else if (task.name === 'refuse') {
          turn()
          await checkout(pool).catch((error: Error) => tell('no more', error.message))
          const left = inspectSockets().length
          tell('refused', { refusals: laps.slice(1), left }) // without anything from before the first request
        } else {
          const connection = await Reflect.apply(own as () => Promise<Connection>, pool, [])
          tell('checked out')
          await connection.query('select 1').then(
            () => tell('answered'),
            (error: Error) => tell('failed', error.message),
          )
        }
      }
    },
    {
      example: new URL(`health-${kind.name}.mjs`, EXAMPLES).href,
      config: { ...kind.config, host: lab.server.address, port: server.port },
      count: COUNT,
      ask: kind.ask,
    },
  )
  await pool.event('ready')
  return { lab, pool }
}

for (const kind of KINDS) {
  const { name } = kind
  const test = unless(noLab ?? kind.unavailable)

  test(`${name}: with the cable cut every dead connection is refused at once, and without a query`, async (t) => {
    const { lab, pool } = await startPool(t, kind)
    await lab.cut()
    await sleep(PROBED_MS)
    const capture = await lab.capture()
    pool.send({ name: 'refuse' })
    const { data } = await pool.event<{ refusals: Refusal[]; left: number }>('refused')
    const { refusals, left } = data
    t.is(left, 0) // no socket waits for its graceful end
    // The program waited for no answer and no timer, and sent no query.
    t.deepEqual(
      refusals,
      Array.from({ length: COUNT }, () => ({ turns: 0, connects: 0 })),
    )
    // Only now the pool tries to connect again, which the cut prevents.
    t.regex((await pool.event<string>('no more')).data, /timeout|ETIMEDOUT/)
    await capture.stop()
    t.deepEqual(
      capture.packets.filter(({ length }) => length > 0),
      [],
    )
    // Nothing remains that could turn the kernel's error, ten seconds later, into an 'error' event.
    const ended = pool.result.then(
      () => 'it ended',
      (error: Error) => error.message,
    )
    t.is(await Promise.race([ended, sleep(12_000, 'it goes on')]), 'it goes on')
  })

  test(`${name}: the plain pool hands out a dead connection, and its query hangs`, async (t) => {
    const { lab, pool } = await startPool(t, kind)
    await lab.cut()
    await sleep(PROBED_MS)
    pool.send({ name: 'plain' })
    await pool.event('checked out')
    await sleep(5000)
    const over = pool.events.filter((event) => event.name === 'answered' || event.name === 'failed')
    t.deepEqual(over, [])
  })

  test(`${name}: with a healthy server none is refused in ${CHECKOUTS} checkouts`, async (t) => {
    const { pool } = await startPool(t, kind)
    pool.send({ name: 'healthy', count: CHECKOUTS })
    const { data } = await pool.event<{ asked: number }>('healthy')
    t.is(data.asked, CHECKOUTS) // a refusal requests another one
  })
}

/** A process with one idle connection to Redis. */
async function startRedis(t: ExecutionContext): Promise<{ lab: Lab; client: Program<void> }> {
  const lab = await openLab(t)
  const server = await redis.start(lab.server)
  t.teardown(() => server.stop())
  const client = lab.client.start(
    async ({ example, host, port }, { tell, next }) => {
      interface Redis {
        readonly stream: { readonly destroyed: boolean }
        get(key: string): Promise<string | null>
        set(key: string, value: string): Promise<string>
      }
      const { connect, check } = (await import(example)) as {
        connect(config: object): Redis
        check(redis: Redis): Redis
      }
      const redis = connect({ host, port, connectTimeout: 1000, retryStrategy: () => 200 })
      await redis.set('key', 'value')
      for (let index = 0; index < 10; index++) await check(redis).get('key')
      tell('ready')
      for (;;) {
        const task = await next<{ name: string; count: number }>()
        const before = redis.stream
        if (task.name === 'healthy') {
          let refused = 0
          const answers: Promise<string | null>[] = []
          for (let index = 0; index < task.count; index++) {
            answers.push(check(redis).get('key')) // fifty and more are in progress at a time
            if (redis.stream !== before || before.destroyed) refused++
            if (answers.length >= 100) await Promise.all(answers.splice(0, 50))
          }
          tell('healthy', { refused, answers: new Set(await Promise.all(answers)) })
        } else if (task.name === 'write') {
          redis.get('key').catch(() => {})
        } else {
          const answer = task.name === 'plain' ? redis.get('key') : check(redis).get('key')
          tell('asked', { refused: before.destroyed })
          answer.then((value) => tell('answered', value)).catch(() => {})
        }
      }
    },
    {
      example: new URL('health-ioredis.mjs', EXAMPLES).href,
      host: lab.server.address,
      port: server.port,
    },
  )
  await client.event('ready')
  return { lab, client }
}

const withRedis = unless(noLab ?? redis.unavailable())

interface Asked {
  readonly refused: boolean
}

withRedis(
  'ioredis: an idle dead connection is refused, and the command is answered once the cable is restored',
  async (t) => {
    const { lab, client } = await startRedis(t)
    await lab.cut()
    await sleep(PROBED_MS)
    client.send({ name: 'check' })
    const { data } = await client.event<Asked>('asked')
    t.true(data.refused)
    await lab.heal()
    t.is((await client.event('answered')).data, 'value')
  },
)

withRedis('ioredis: a dead connection with a command in progress is refused too', async (t) => {
  const { lab, client } = await startRedis(t)
  await lab.cut()
  client.send({ name: 'write' })
  await sleep(1500)
  client.send({ name: 'check' })
  t.true((await client.event<Asked>('asked')).data.refused)
})

withRedis(
  'ioredis: without the check a command hangs, also some time after the cable is restored',
  async (t) => {
    const { lab, client } = await startRedis(t)
    await lab.cut()
    await sleep(PROBED_MS)
    client.send({ name: 'plain' })
    t.false((await client.event<Asked>('asked')).data.refused)
    await sleep(5000)
    t.deepEqual(
      client.events.filter(({ name }) => name === 'answered'),
      [],
    )
  },
)

withRedis(`ioredis: with a healthy server no connection is refused for ${CHECKOUTS} commands`, async (t) => {
  const { client } = await startRedis(t)
  client.send({ name: 'healthy', count: CHECKOUTS })
  const { data } = await client.event<{ refused: number; answers: Set<string> }>('healthy')
  t.is(data.refused, 0)
  t.deepEqual(data.answers, new Set(['value']))
})

ava('the functions of the recipe in docs/pools.md equal those of the examples', (t) => {
  const page = readFileSync(new URL('../docs/pools.md', import.meta.url), 'utf8')
  const [text = ''] = page.split('## Test on borrow', 1) // which has functions of its own
  const examples = [...KINDS.map(({ name }) => name), 'ioredis']
    .map((name) => readFileSync(new URL(`health-${name}.mjs`, EXAMPLES), 'utf8'))
    .join('\n')
  const functions = text.match(/^(export |async )*function \w+\(.*?^}$/gms) ?? []
  t.true(functions.length >= 5)
  for (const one of functions) t.true(examples.includes(one), one)
  const [values] = /^const VALUES = .*$/m.exec(text) ?? []
  t.is(examples.split('\n').filter((line) => line === values).length, 3)
})
