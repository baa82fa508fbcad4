/**
 * Native clients on real servers: every socket has the values after connecting and after a reconnect, and a waiting client gets an
 * error.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import anyTest, { type ExecutionContext } from 'ava'
import { planKeepAlive } from 'tcp-keepalive'
import { ROOT } from '../../lab/command.ts'
import type { Host } from '../../lab/network/host.ts'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import type { Program } from '../../lab/network/program.ts'
import { findTool } from '../../lab/network/tools.ts'
import { run } from '../../lab/run.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { redis } from '../../lab/servers/databases.ts'
import { Relay } from '../../lab/servers/relay.ts'
import { isInTime } from '../../lab/timing.ts'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { CLI } from '../cli/command.ts'
import { openMachine } from '../cli/drill-machine.ts'
import { unless, withPostgres } from '../needs.ts'
import { protectedSockets } from './protected-sockets.ts'

const FOLDER = fileURLToPath(new URL('clients', import.meta.url))
const DRIVE = new URL('clients/drive.mjs', import.meta.url).href

const DEADLINE_MS = 10_000
const SWEEP_MS = DEADLINE_MS / 10

/** The values that cover waiting; the user timeout is the client's own. */
const { time = 0, interval = 0, retries } = planKeepAlive({ detectWithin: DEADLINE_MS }).settings
const IDLE_HALF = { enabled: 1, time: time / 1000, interval: interval / 1000, retries }

anyTest.before('the clients are installed', async (t) => {
  t.timeout(600_000)
  // If Node includes its headers, pg-native is compiled with them. Otherwise node-gyp downloads them.
  const headers = dirname(dirname(process.execPath))
  const nodedir = existsSync(join(headers, 'include/node/node_api.h')) ? [`--nodedir=${headers}`] : []
  await run('npm', ['ci', '--no-audit', '--no-fund', ...nodedir], { cwd: FOLDER })
})

/** It has a user timeout of 5 s. Three probes only fit into it if they are faster. */
const OF_GLIDE = { ...IDLE_HALF, time: 1, interval: 1 }

const noRedis = redis.unavailable()
const noLibpq =
  findTool('pg_config') && findTool('make') && findTool('g++')
    ? undefined
    : 'pg-native is compiled with libpq (Debian packages libpq-dev, make and g++).'

serially(noRedis ? unless(noRedis) : withPostgres)('valkey-glide with Redis', async (t) => {
  await tryClient(
    t,
    'valkey-glide',
    async (host) => {
      const { port, stop } = await redis.start(host)
      return { port, stop }
    },
    OF_GLIDE,
  )
})

serially(noLibpq ? unless(noLibpq) : withPostgres)('pg-native with PostgreSQL', async (t) => {
  await tryClient(t, 'pg-native', async (host) => {
    const { connection, stop } = await startPostgres(host)
    return { port: connection.port, stop }
  })
})

serially(withPostgres)('zeromq', async (t) => {
  await tryClient(t, 'zeromq', async (host) => {
    const server = host.start(
      async ({ drive }, inside) => {
        const module = (await import(drive)) as { serveZeromq(inside: object): Promise<void> }
        await module.serveZeromq(inside)
      },
      { drive: DRIVE },
    )
    await server.event('ready')
    return { port: 5555, stop: () => server.stop() }
  })
})

/**
 * A libpq pool of one connection, which runs a query for each line of input. A query takes 100 ms: if the answer came within the tick
 * in which the query was sent, a drill would show `silent`.
 */
const POOL = `const { Pool } = require(${JSON.stringify(join(FOLDER, 'node_modules/pg'))}).native
  const pool = new Pool({ host: process.argv[1], user: 'postgres', database: 'postgres', max: 1, idleTimeoutMillis: 0 })
  pool.on('error', () => {})
  const ask = () => pool.query('select pg_sleep(0.1)').then(() => console.log('answered'), ask)
  process.stdin.on('data', ask)
  ask()`

interface OfPool {
  readonly options: () => Promise<string>
  readonly ask: () => Promise<void>
  readonly drill: (...words: string[]) => Promise<{ code: number | null; printed: string }>
}

/** The pool with its idle connection. */
async function openPool(t: ExecutionContext, ...nodeArguments: string[]): Promise<OfPool> {
  const machine = await openMachine(t)
  const env = { TCP_KEEPALIVE_DETECT_WITHIN: '6s', TCP_KEEPALIVE_REACH: 'process' }
  const program = machine.start([process.execPath, ...nodeArguments, '-e', POOL, machine.host], env)
  t.teardown(() => program.kill('SIGKILL'))
  const answered = async (): Promise<void> =>
    void (await once(program.stdout as NodeJS.ReadableStream, 'data'))
  await answered()
  await sleep(2000) // the scan of the process runs each 600 ms
  const pid = String(program.pid)
  return {
    options: () => machine.optionsOf(pid),
    ask: async () => {
      program.stdin?.write('\n')
      await answered()
    },
    drill: (...words) => machine.run(process.execPath, CLI, 'drill', pid, '--match', '*:5432', ...words),
  }
}

serially(noLibpq || noRedis ? unless(noLibpq ?? noRedis) : withPostgres)(
  'drill PID of pg-native: without this package no connection fails, and everything is as before',
  async (t) => {
    const { options, ask, drill } = await openPool(t)
    const before = await options()
    const { code, printed } = await drill('--within', '2s')
    t.regex(
      printed,
      /:5432 PostgreSQL +idle +not in time: 2 h 11 min\n0 of 1 detected within 2 s\neverything is put back\n$/,
    )
    t.is(code, 1)
    t.is(await options(), before)
    await ask()
    t.is(await options(), before) // on the same connection
  },
)

serially(noLibpq || noRedis ? unless(noLibpq ?? noRedis) : withPostgres)(
  'drill PID of pg-native: under register, with reach: process, it fails in time, and the program continues',
  async (t) => {
    const { ask, drill } = await openPool(t, '--require', join(ROOT, 'dist/register.cjs'))
    const { code, printed } = await drill('--within', '8s', '--json')
    const { connections, healed } = JSON.parse(printed) as DrillReport
    t.deepEqual(
      connections.map(({ fate, toldBy, inTime }) => [fate, toldBy, inTime]),
      [['told', 'kernel', true]],
      printed,
    )
    t.true(healed)
    t.is(code, 0)
    await ask()
  },
)

function serially<T extends typeof anyTest | typeof anyTest.skip>(test: T): T | typeof anyTest.serial {
  return 'serial' in test ? test.serial : test
}

interface Started {
  readonly port: number
  stop(): Promise<void>
}

async function tryClient(
  t: ExecutionContext,
  name: string,
  start: (host: Host) => Promise<Started>,
  expected = IDLE_HALF,
): Promise<void> {
  const lab = await openLab(t)
  const server = await start(lab.server)
  t.teardown(() => server.stop())
  const relay = new Relay(lab.server)
  t.teardown(() => relay.stop())
  const way = await relay.open({ target: server.port })
  const { program, pid } = await startClient(t, lab, name, way.port)

  await used(program)
  const first = await protectedSockets(t, pid, way.port, expected)
  await way.drop()
  await used(program)
  const second = await protectedSockets(t, pid, way.port, expected, first)
  t.true(
    second.every((port) => !first.includes(port)),
    'a new connection',
  )

  program.send('wait')
  await program.event('waits')
  await sleep(1000) // what it sends has arrived
  const cutAt = Date.now()
  await lab.cut()
  const { at, data } = await program.event<{ message: string; paused: number }>('told')
  const took = at - cutAt
  t.log(`${name}: told after ${(took / 1000).toFixed(1)} s: ${data.message}`)
  t.true(took > expected.time * 1000, 'not of anything else')
  t.true(isInTime(took, data.paused, DEADLINE_MS + SWEEP_MS), `${took} ms, of which paused ${data.paused}`)
}

async function startClient(
  t: ExecutionContext,
  lab: Lab,
  name: string,
  port: number,
): Promise<{ program: Program<void>; pid: number }> {
  const program = lab.client.start(
    async ({ drive, name, setting }, inside) => {
      const module = (await import(drive)) as {
        drive(name: string, setting: object, inside: object): Promise<void>
      }
      await module.drive(name, setting, inside)
    },
    {
      drive: DRIVE,
      name,
      setting: { where: { host: lab.server.address, port }, options: { detectWithin: DEADLINE_MS } },
    },
  )
  t.teardown(() => program.stop())
  const { data: pid } = await program.event<number>('pid')
  return { program, pid }
}

async function used(program: Program<void>): Promise<void> {
  program.send('use')
  await program.event('used')
}
