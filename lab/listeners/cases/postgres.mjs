/** Clients of PostgreSQL. What a case says is described in case.ts. */

/** No pool closes an idle client before the cable is cut. */
const config = ({ host, ports }) => ({
  host,
  port: ports.postgres,
  user: 'postgres',
  database: 'postgres',
  idleTimeoutMillis: 0,
})

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'

export default {
  'pg: `new Client()`': {
    package: 'pg',
    listener: "`client.on('error', …)`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    ends: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async open({ Client }, where, listen) {
      const connect = async () => {
        const client = listen(new Client(config(where)))
        await client.connect()
        return client
      }
      const ask = (client) => client.query('select 1')
      const client = await connect()
      return { call: () => ask(client), again: async () => ask(await connect()) }
    },
  },
  'pg: idle in a `Pool`, or in `pool.query()`': {
    program: 'pg',
    options: { idleTimeoutMillis: 0 },
    listener: "`pool.on('error', …)`",
    emits: ['idle'],
    ends: ['idle'],
    rejects: ETIMEDOUT,
  },
  'pg: checked out by `pool.connect()`': {
    package: 'pg',
    listener: "`pool.on('connect', (client) => client.on('error', …))`, not `once`",
    emitsTwice: true,
    emits: ['idle', 'asked'],
    ends: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async open({ Pool }, where, listen) {
      const pool = new Pool(config(where))
      pool.on('connect', listen)
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
      const { sql } = connectPostgres(postgres, where)
      const reserved = await sql.reserve()
      return { call: () => reserved`select 1`, again: () => sql`select 1` }
    },
  },
}

function connectPostgres(postgres, where) {
  const { host, port, user: username, database } = config(where)
  return { sql: postgres({ host, port, username, database, max: 1 }) }
}
