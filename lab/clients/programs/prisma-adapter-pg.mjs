export default {
  package: '@prisma/adapter-pg',
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  way: "the driver's",
  open({ PrismaPg }, config, silent, load) {
    const { Pool } = load('pg')
    return { factory: new PrismaPg(silent(new Pool(config))) }
  },
  fromExample: (connect, config) => ({ factory: connect(config) }),
  async use(client) {
    client.adapter ??= await client.factory.connect()
    await client.adapter.queryRaw({ sql: 'select 1', args: [], argTypes: [] })
  },
  close: (client) => client.adapter?.dispose(),
}
