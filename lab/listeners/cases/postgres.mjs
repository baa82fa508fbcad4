/** Clients of PostgreSQL, and layers over pg. case.ts describes the fields. */

/** No pool closes an idle client before the cable is cut. */
const NEVER_IDLE = { idleTimeoutMillis: 0 }

const database = ({ host, ports }) => ({ host, port: ports.postgres, user: 'postgres', database: 'postgres' })
const pgConfig = (where) => ({ ...database(where), ...NEVER_IDLE })

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'

export const postgres = {
  'pg: `new Client()`': {
    package: 'pg',
    listener: "`client.on('error', …)`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async connect({ Client }, where, listen) {
      const client = listen(new Client(pgConfig(where)))
      await client.connect()
      return client
    },
    ask: (client) => client.query('select 1'),
  },
  'pg: idle in a `Pool`, or in `pool.query()`': {
    program: 'pg',
    options: NEVER_IDLE,
    listener: "`pool.on('error', …)`",
    emits: ['idle'],
    rejects: ETIMEDOUT,
  },
  'pg: checked out by `pool.connect()`': {
    package: 'pg',
    listener: "`pool.on('connect', (client) => client.on('error', …))`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async open({ Pool }, where, listen) {
      const pool = new Pool(pgConfig(where)).on('connect', listen)
      const client = await pool.connect()
      const again = () => {
        client.release(true)
        return pool.query('select 1')
      }
      return { call: () => client.query('select 1'), again }
    },
  },
  'postgres: `sql`': {
    program: 'postgres',
    rejects: ETIMEDOUT,
  },
  'postgres: `sql.reserve()`': {
    package: 'postgres',
    rejects: ETIMEDOUT,
    async open(postgres, where) {
      const sql = postgres({ ...database(where), max: 1 })
      const reserved = await sql.reserve()
      return { call: () => reserved`select 1`, again: () => sql`select 1` }
    },
  },
}

const STATEMENT = { sql: 'select 1', args: [], argTypes: [] }
const KNEX_ETIMEDOUT = 'ETIMEDOUT select 1 - read ETIMEDOUT'

const openPrisma = ({ PrismaPg }, where) => new PrismaPg(pgConfig(where)).connect()

export const layers = {
  'drizzle-orm: `db.execute()`': {
    program: 'drizzle',
    options: NEVER_IDLE,
    listener: "`db.$client.on('error', …)`, which is the pool",
    emits: ['idle'],
    rejects: 'Failed query: select 1\nparams:',
  },
  'drizzle-orm: `db.transaction()`': {
    package: 'drizzle-orm/node-postgres',
    listener: "`db.$client.on('connect', (client) => client.on('error', …))`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    rejects: 'Failed query: select 1\nparams:',
    async open({ drizzle }, where, listen) {
      const db = drizzle({ connection: pgConfig(where) })
      db.$client.on('connect', listen)
      const transaction = await new Promise((begun) => {
        db.transaction(async (one) => {
          await one.execute('select 1')
          begun(one)
          await new Promise(() => {})
        }).catch(() => {})
      })
      return { call: () => transaction.execute('select 1'), again: () => db.execute('select 1') }
    },
  },
  'knex: a query': {
    package: 'knex',
    rejects: KNEX_ETIMEDOUT,
    open(knex, where) {
      const db = knex({ client: 'pg', connection: database(where), pool: { min: 1, max: 1 } })
      return () => db.raw('select 1')
    },
  },
  'knex: `transaction()`': {
    package: 'knex',
    rejects: KNEX_ETIMEDOUT,
    async open(knex, where) {
      const db = knex({ client: 'pg', connection: database(where), pool: { min: 0, max: 2 } })
      const transaction = await db.transaction()
      return { call: () => transaction.raw('select 1'), again: () => db.raw('select 1') }
    },
  },
  '@prisma/adapter-pg: a query': {
    package: '@prisma/adapter-pg',
    rejects: 'SocketTimeout',
    async open(module, where) {
      const adapter = await openPrisma(module, where)
      return () => adapter.queryRaw(STATEMENT)
    },
  },
  '@prisma/adapter-pg: a transaction': {
    package: '@prisma/adapter-pg',
    rejects: 'SocketTimeout',
    async open(module, where) {
      const adapter = await openPrisma(module, where)
      const transaction = await adapter.startTransaction()
      return { call: () => transaction.queryRaw(STATEMENT), again: () => adapter.queryRaw(STATEMENT) }
    },
  },
  'typeorm: `DataSource`': {
    program: 'typeorm',
    options: { extra: NEVER_IDLE },
    rejects: ETIMEDOUT,
  },
  'typeorm: a query runner, a transaction': {
    package: 'typeorm',
    rejects: ETIMEDOUT,
    async open({ DataSource }, where) {
      const { user: username, ...rest } = database(where)
      const source = new DataSource({ type: 'postgres', username, ...rest, extra: NEVER_IDLE })
      const runner = (await source.initialize()).createQueryRunner()
      await runner.connect()
      return { call: () => runner.query('select 1'), again: () => source.query('select 1') }
    },
  },
}
