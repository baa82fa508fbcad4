export default {
  server: 'mariadb',
  config: ({ tls, ...at }) => ({
    ...at,
    user: 'test',
    database: 'test',
    connectionLimit: 1,
    ssl: tls ? { rejectUnauthorized: false } : undefined,
  }),
  own: (seconds) => ({ keepAliveInitialDelay: seconds * 1000 }),
  way: "`pool.on('connection', (connection) => connection.stream)`",
  left: '7200/75/9',
  leftByOwn: '45/1/10',
  overwrites: 'with a delay',
  open: ({ createPool }, config) => createPool(config),
  use: (pool) => pool.promise().query('select 1'),
  close: (pool) => pool.promise().end(),
  clock: {
    connect: ({ createConnection }, config, lost) => createConnection(config).on('error', lost).promise(),
    write: (connection) => connection.query('select 1'),
    wait: (connection) => connection.query('select sleep(600)'),
  },
}
