export default {
  package: 'drizzle-orm',
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  way: "the driver's",
  open(_, config, silent, load) {
    const { Pool } = load('pg')
    return load('drizzle-orm/node-postgres').drizzle(silent(new Pool(config)))
  },
  use: (db) => db.execute('select 1'),
  close: (db) => db.$client.end(),
}
