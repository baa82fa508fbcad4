/** Clients of MySQL and MariaDB. case.ts describes the fields. */

const config = ({ host, ports }) => ({ host, port: ports.mariadb, user: 'test', database: 'test' })

/** The default limit of one second is too short for a busy machine. */
const PATIENT = { connectTimeout: 60_000, acquireTimeout: 60_000 }

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'
const ask = (on) => on.query('select 1')

export default {
  'mysql2: `createConnection()`': {
    package: 'mysql2',
    listener: "`connection.on('error', …)`",
    emits: ['idle'],
    rejects: ETIMEDOUT,
    connect: ({ createConnection }, where, listen) => listen(createConnection(config(where))).promise(),
    ask,
  },
  'mysql2/promise: `createConnection()`': {
    package: 'mysql2/promise',
    emits: ['idle'],
    rejects: ETIMEDOUT,
    connect: async ({ createConnection }, where, listen) => listen(await createConnection(config(where))),
    ask,
  },
  'mysql2: `createPool()`': {
    program: 'mysql2',
    rejects: ETIMEDOUT,
  },
  'mysql2: checked out by `pool.getConnection()`': {
    package: 'mysql2/promise',
    rejects: ETIMEDOUT,
    open: ({ createPool }, where) => checkedOut(createPool(config(where)), (connection) => connection),
  },
  'mariadb: `createConnection()`': {
    package: 'mariadb',
    listener: "`connection.on('error', …)`",
    emits: ['idle', 'asked'],
    ends: ['idle'],
    rejects: ETIMEDOUT,
    connect: async ({ createConnection }, where, listen) =>
      listen(await createConnection({ ...config(where), ...PATIENT })),
    ask,
  },
  'mariadb: `createPool()`': {
    program: 'mariadb',
    options: PATIENT,
  },
  'mariadb: checked out by `pool.getConnection()`': {
    package: 'mariadb',
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    open: ({ createPool }, where, listen) =>
      checkedOut(createPool({ ...config(where), ...PATIENT, connectionLimit: 1 }), listen),
  },
}

async function checkedOut(pool, listen) {
  const connection = listen(await pool.getConnection())
  await ask(connection)
  const again = async () => {
    await connection.release()
    return ask(pool)
  }
  return { call: () => ask(connection), again }
}
