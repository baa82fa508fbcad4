/** Clients of MySQL and MariaDB. What a case says is described in case.ts. */

const config = ({ host, ports }) => ({ host, port: ports.mariadb, user: 'test', database: 'test' })

/** By default it wants to be connected within a second, which a busy machine may not grant. */
const patient = (where) => ({ ...config(where), connectTimeout: 60_000 })

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'
const ask = (on) => on.query('select 1')

export default {
  'mysql2: `createConnection()`': {
    package: 'mysql2',
    listener: "`connection.on('error', …)`",
    emits: ['idle'],
    ends: ['idle'],
    rejects: ETIMEDOUT,
    async open({ createConnection }, where, listen) {
      const connect = () => listen(createConnection(config(where))).promise()
      const connection = connect()
      await ask(connection)
      return { call: () => ask(connection), again: () => ask(connect()) }
    },
  },
  'mysql2/promise: `createConnection()`': {
    package: 'mysql2/promise',
    emits: ['idle'],
    rejects: ETIMEDOUT,
    async open({ createConnection }, where, listen) {
      const connect = async () => listen(await createConnection(config(where)))
      const connection = await connect()
      await ask(connection)
      return { call: () => ask(connection), again: async () => ask(await connect()) }
    },
  },
  'mysql2: `createPool()`': {
    program: 'mysql2',
    rejects: ETIMEDOUT,
  },
  'mysql2: checked out by `pool.getConnection()`': {
    package: 'mysql2/promise',
    rejects: ETIMEDOUT,
    async open({ createPool }, where) {
      const pool = createPool(config(where))
      const connection = await pool.getConnection()
      await ask(connection)
      const again = () => {
        connection.release()
        return ask(pool)
      }
      return { call: () => ask(connection), again }
    },
  },
  'mariadb: `createConnection()`': {
    package: 'mariadb',
    listener: "`connection.on('error', …)`",
    emits: ['idle', 'asked'],
    ends: ['idle'],
    rejects: ETIMEDOUT,
    async open({ createConnection }, where, listen) {
      const connect = async () => listen(await createConnection(patient(where)))
      const connection = await connect()
      return { call: () => ask(connection), again: async () => ask(await connect()) }
    },
  },
  'mariadb: `createPool()`': {
    program: 'mariadb',
    options: { connectTimeout: 60_000, acquireTimeout: 60_000 },
  },
  'mariadb: checked out by `pool.getConnection()`': {
    package: 'mariadb',
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async open({ createPool }, where, listen) {
      const pool = createPool({ ...patient(where), connectionLimit: 1, acquireTimeout: 60_000 })
      const connection = listen(await pool.getConnection())
      const again = async () => {
        await connection.release()
        return ask(pool)
      }
      return { call: () => ask(connection), again }
    },
  },
}
