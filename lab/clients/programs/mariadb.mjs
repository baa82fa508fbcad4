export default {
  package: 'mariadb',
  server: 'mariadb',
  tls: true,
  config: ({ host, port, tls }) => ({
    host,
    port,
    user: 'test',
    database: 'test',
    connectionLimit: 1,
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: { keepAliveDelay: 45_000 },
  way: '`stream: (done) => …`, which makes it',
  left: 'off',
  leftByOwn: '45/1/10',
  overwrites: 'with a delay',
  open: ({ createPool }, config) => createPool(config),
  use: (pool) => pool.query('select 1'),
  close: (pool) => pool.end(),
  clock: {
    own: { keepAliveDelay: 1000 },
    async connect({ createConnection }, config, lost) {
      // By default it wants to be connected within a second, which a busy machine may not grant.
      const connection = await createConnection({ connectTimeout: 60_000, ...config })
      return connection.on('error', lost).on('end', () => lost({ code: 'end' }))
    },
    write: (connection) => connection.query('select 1'),
    wait: (connection) => connection.query('select sleep(600)'),
  },
}
