export default {
  server: 'mariadb',
  config: ({ tls, ...at }) => ({
    ...at,
    user: 'test',
    database: 'test',
    connectionLimit: 1,
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: (seconds) => ({ keepAliveDelay: seconds * 1000 }),
  way: '`stream: (done) => …`, which makes it',
  left: 'off',
  leftByOwn: '45/1/10',
  overwrites: 'with a delay',
  open: ({ createPool }, config) => createPool(config),
  use: (pool) => pool.query('select 1'),
  close: (pool) => pool.end(),
  clock: {
    async connect({ createConnection }, config, lost) {
      // Its default limit of one second is too short for a busy machine.
      const connection = await createConnection({ connectTimeout: 60_000, ...config })
      return connection.on('error', lost).on('end', () => lost({ code: 'end' }))
    },
    wait: (connection) => connection.query('select sleep(600)'),
  },
}
