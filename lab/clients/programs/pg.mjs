export default {
  package: 'pg',
  server: 'postgres',
  tls: true,
  config: ({ host, port, tls }) => ({
    host,
    port,
    user: 'postgres',
    database: 'postgres',
    max: 1,
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: { keepAlive: true, keepAliveInitialDelayMillis: 45_000 },
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
    own: { keepAlive: true, keepAliveInitialDelayMillis: 1000 },
    async connect({ Client }, config, lost) {
      const client = new Client(config).on('error', lost)
      await client.connect()
      return client
    },
    write: (client) => client.query('select 1'),
    wait: (client) => client.query('select pg_sleep(600)'),
  },
}
