export default {
  package: 'postgres',
  server: 'postgres',
  tls: true,
  config: ({ host, port, tls }) => ({
    ...{ host, port, username: 'postgres', database: 'postgres', max: 1 },
    ssl: tls && { rejectUnauthorized: false },
  }),
  own: { keep_alive: 45 },
  left: '60/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'always',
  open: (postgres, config) => postgres(config),
  use: (sql) => sql`select 1`,
  close: (sql) => sql.end({ timeout: 0 }),
  clock: {
    own: { keep_alive: 1 },
    connect: (postgres, config, lost) => postgres({ ...config, onclose: () => lost({ code: 'onclose' }) }),
    write: (sql) => sql`select 1`,
    wait: (sql) => sql`select pg_sleep(600)`,
  },
}
