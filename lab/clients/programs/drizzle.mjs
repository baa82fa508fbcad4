export default {
  package: 'drizzle-orm',
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  way: "the driver's",
  use: (db) => db.execute('select 1'),
  close: (db) => db.$client.end(),
}
