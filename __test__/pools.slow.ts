/**
 * Test on borrow as in docs/pools.md, for pg, mysql2, ioredis, generic-pool, Sequelize and knex: the page's blocks unchanged, with
 * the libraries themselves, on real servers. Each pool hands out a living connection, and never one that is cut off.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { ROOT } from '../lab/command.ts'
import { openLab } from '../lab/network/lab.ts'
import { mariadb, redis } from '../lab/servers/databases.ts'
import { postgres } from '../lab/servers/postgres.ts'
import type { ServerKind } from '../lab/servers/service.ts'
import { pages } from './documentation/pages.ts'
import { unless, withLab, withPostgres } from './needs.ts'
import { openScratch } from './runners/scratch.ts'

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'examples/package.json'), 'utf8')) as {
  dependencies: Readonly<Record<string, string>>
}
const fromExamples = ['pg', 'mysql2', 'ioredis', 'knex'].map((name) => `${name}@${dependencies[name]}`)
const scratch = await openScratch(...fromExamples, 'generic-pool@3.9.0', 'sequelize@6.37.8')
test.after.always(() => scratch.close())

/** The one block of the page that contains this text. */
function block(part: string): string {
  const found = pages.flatMap(({ path, blocks }) => (path === 'docs/pools.md' ? blocks : []))
  const [only, ...others] = found.filter(({ language, text }) => language === 'js' && text.includes(part))
  if (!only || others.length > 0)
    throw new Error(`docs/pools.md has ${others.length + (only ? 1 : 0)} blocks with ${part}`)
  return only.text
}

const ASKED = [block('function isThere(')]
const KNOWN = [block('function isSilent('), block('const VALUES =')]

interface Recipe {
  readonly server: ServerKind
  /** `use()` borrows a connection for a query; each new connection's socket is handed to `connected`. */
  readonly lines: readonly string[]
}

const onPostgres = (...lines: readonly string[]): Recipe => ({
  server: postgres,
  lines: [
    `import pg from 'pg'
    const url = 'postgres://postgres@' + host + ':' + port + '/postgres'
    const connection = { connectionString: url }`,
    ...lines,
  ],
})

/** The object that a recipe creates. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  pg: onPostgres(
    ...ASKED,
    block('await pool.connect()\n    const { stream } = client.connection\n    if (await isThere('),
    `const pool = new pg.Pool(connection)
    pool.on('error', () => {})
    pool.on('connect', (client) => connected(client.connection.stream))
    async function use() {
      const client = await borrow(pool)
      await client.query('select 1')
      client.release()
    }`,
  ),
  mysql2: {
    server: mariadb,
    lines: [
      "import { createPool } from 'mysql2/promise'",
      ...ASKED,
      block(
        'await pool.getConnection()\n    const { stream } = connection.connection\n    if (await isThere(',
      ),
      `const pool = createPool({ host, port, user: 'test', database: 'test' })
      pool.on('connection', ({ stream }) => connected(stream))
      async function use() {
        const connection = await borrow(pool)
        await connection.query('select 1')
        connection.release()
      }`,
    ],
  },
  ioredis: {
    server: redis,
    lines: [
      "import { Redis } from 'ioredis'",
      ...ASKED,
      block('export async function checked('),
      `const redis = new Redis({ host, port })
      redis.on('error', () => {})
      redis.on('connect', () => connected(redis.stream))
      const use = async () => (await checked(redis)).get('key')`,
    ],
  },
  'generic-pool': onPostgres(
    "import { createPool } from 'generic-pool'",
    ...ASKED,
    block('const factory ='),
    `async function openConnection() {
      const client = new pg.Client(connection)
      client.on('error', () => {})
      await client.connect()
      connected(client.connection.stream)
      return { client, stream: client.connection.stream }
    }
    const pool = createPool(factory, { testOnBorrow: true })
    async function use() {
      const borrowed = await pool.acquire()
      await borrowed.client.query('select 1')
      await pool.release(borrowed)
    }`,
  ),
  Sequelize: onPostgres(
    "import { Sequelize } from 'sequelize'",
    "import { setKeepAlive } from 'tcp-keepalive'",
    ...KNOWN,
    block('const sequelizePool ='),
    `const hooks = {
      afterConnect(client) {
        connected(client.connection.stream)
        afterConnect(client)
      },
    }
    const sequelize = new Sequelize(url, { pool: sequelizePool, hooks, logging: false })
    const use = () => sequelize.query('select 1')`,
  ),
  knex: onPostgres(
    ...ASKED,
    block('database.client.validateConnection =').replace(/connection: '[^']*'/, 'connection: url'),
    `database.client.pool.on('acquireSuccess', (_, { connection }) => connected(connection.stream))
    const use = () => database.raw('select 1')`,
  ),
}

/**
 * For Sequelize, whose check only knows what the kernel has detected: the first probe is sent after two seconds, or an eighth
 * later.
 */
const UNTIL_KNOWN_MS = 3500

function program({ lines }: Recipe, silence: number, host: string, port: number): string {
  return `import { cutOff } from 'tcp-keepalive/drill'
    const [host, port] = ${JSON.stringify([host, port])}
    const sockets = new Set()
    const connected = (socket) => sockets.add(socket)
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    ${lines.join('\n')}
    await use()
    await sleep(1500)
    await use()
    const cut = [...sockets].filter(({ destroyed }) => !destroyed) // Sequelize's first asks for the version only
    const healthy = cut.length
    const before = sockets.size
    const cuts = cut.map((socket) => cutOff(socket))
    await sleep(${silence})
    const start = performance.now()
    await use()
    const took = performance.now() - start
    console.log(JSON.stringify({ healthy, fresh: sockets.size - before, gone: cut.every(({ destroyed }) => destroyed), took }))
    process.exit()`
}

function withServer(server: ServerKind): typeof withLab {
  if (server === postgres) return withPostgres // which requests more
  const missing = server.unavailable()
  return missing === undefined ? withLab : unless(missing)
}

for (const [name, recipe] of Object.entries(RECIPES)) {
  const { server, lines } = recipe
  withServer(server)(
    `${name}: a living connection is handed out again, and one that is cut off is not`,
    async (t) => {
      const lab = await openLab(t)
      const { port, stop } = await server.start(lab.server)
      t.teardown(stop)
      const silence = lines.join('').includes('isSilent') ? UNTIL_KNOWN_MS : 1500
      const source = program(recipe, silence, lab.server.address, port)
      const cwd = await scratch.project({ 'recipe.mjs': source })
      const child = lab.client.spawn(process.execPath, ['recipe.mjs'], {
        cwd,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [printed] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, 'exit')])
      t.is(child.exitCode, 0, printed)
      const { took, fresh, ...found } = JSON.parse(printed) as {
        took: number
        healthy: number
        fresh: number
        gone: boolean
      }
      t.deepEqual(found, { healthy: 1, gone: true })
      t.true(fresh >= 1, `${fresh} new`) // Sequelize's pool sometimes makes two connections for one that it has dropped
      // A query on the connection that is cut off would fail after the user timeout at the earliest, or after 15 minutes.
      t.true(took < 10_000, `${took} ms`)
    },
  )
}
