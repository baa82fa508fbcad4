export default {
  server: 'postgres',
  config: ({ tls, ...at }) => ({
    ...at,
    user: 'postgres',
    database: 'postgres',
    max: 1,
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: (seconds) => ({ keepAlive: true, keepAliveInitialDelayMillis: seconds * 1000 }),
  way: "`pool.on('connect', (client) => client.connection.stream)`",
  left: 'off',
  leftByOwn: '45/1/10',
  overwrites: 'with a delay',
  open: ({ Pool }, config, listen) =>
    listen(new Pool(config)).on('connect', (client) => client.on('error', () => {})),
  use: (pool) => pool.query('select 1'),
  checkOut: (pool) => pool.connect(),
  close: (pool) => pool.end(),
  clock: {
    async connect({ Client }, config, lost) {
      const client = new Client(config).on('error', lost)
      await client.connect()
      return client
    },
    wait: (client) => client.query('select pg_sleep(600)'),
  },
}
