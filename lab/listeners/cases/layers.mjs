/** Layers over pg. What a case says is described in case.ts. */

const config = ({ host, ports }) => ({ host, port: ports.postgres, user: 'postgres', database: 'postgres' })
const withoutEnd = { idleTimeoutMillis: 0 }
const statement = { sql: 'select 1', args: [], argTypes: [] }

export default {
  'drizzle-orm: `db.execute()`': {
    program: 'drizzle',
    options: withoutEnd,
    listener: "`db.$client.on('error', …)`, which is the pool",
    emits: ['idle'],
    ends: ['idle'],
    rejects: 'Failed query: select 1\nparams:',
  },
  'drizzle-orm: `db.transaction()`': {
    package: 'drizzle-orm/node-postgres',
    listener: "`db.$client.on('connect', (client) => client.on('error', …))`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    ends: ['idle', 'asked'],
    rejects: 'Failed query: select 1\nparams:',
    async open({ drizzle }, where, listen) {
      const db = drizzle({ connection: { ...config(where), ...withoutEnd } })
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
    rejects: 'ETIMEDOUT select 1 - read ETIMEDOUT',
    async open(knex, where) {
      const db = knex({ client: 'pg', connection: config(where), pool: { min: 1, max: 1 } })
      return () => db.raw('select 1')
    },
  },
  'knex: `transaction()`': {
    package: 'knex',
    rejects: 'ETIMEDOUT select 1 - read ETIMEDOUT',
    async open(knex, where) {
      const db = knex({ client: 'pg', connection: config(where), pool: { min: 0, max: 2 } })
      const transaction = await db.transaction()
      return { call: () => transaction.raw('select 1'), again: () => db.raw('select 1') }
    },
  },
  '@prisma/adapter-pg: a query': {
    package: '@prisma/adapter-pg',
    rejects: 'SocketTimeout',
    async open({ PrismaPg }, where) {
      const adapter = await new PrismaPg({ ...config(where), ...withoutEnd }).connect()
      return () => adapter.queryRaw(statement)
    },
  },
  '@prisma/adapter-pg: a transaction': {
    package: '@prisma/adapter-pg',
    rejects: 'SocketTimeout',
    async open({ PrismaPg }, where) {
      const adapter = await new PrismaPg({ ...config(where), ...withoutEnd }).connect()
      const transaction = await adapter.startTransaction()
      return { call: () => transaction.queryRaw(statement), again: () => adapter.queryRaw(statement) }
    },
  },
  'typeorm: `DataSource`': {
    program: 'typeorm',
    options: { extra: withoutEnd },
    rejects: 'ETIMEDOUT read ETIMEDOUT',
  },
  'typeorm: a query runner, a transaction': {
    package: 'typeorm',
    rejects: 'ETIMEDOUT read ETIMEDOUT',
    async open({ DataSource }, where) {
      const { user: username, ...rest } = config(where)
      const settings = { type: 'postgres', username, ...rest, extra: withoutEnd }
      const source = await new DataSource(settings).initialize()
      const runner = source.createQueryRunner()
      await runner.connect()
      return { call: () => runner.query('select 1'), again: () => source.query('select 1') }
    },
  },
}
