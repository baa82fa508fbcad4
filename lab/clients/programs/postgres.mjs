export default {
  server: 'postgres',
  config: ({ tls, ...at }) => ({
    ...at,
    username: 'postgres',
    database: 'postgres',
    max: 1,
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: (seconds) => ({ keep_alive: seconds }),
  left: '60/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'always',
  open: (postgres, config) => postgres(config),
  use: (sql) => sql`select 1`,
  close: (sql) => sql.end({ timeout: 0 }),
  clock: {
    connect: (postgres, config, lost) => postgres({ ...config, onclose: () => lost({ code: 'onclose' }) }),
    wait: (sql) => sql`select pg_sleep(600)`,
  },
}
