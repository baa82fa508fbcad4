export default {
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  way: '`pool.afterCreate`',
  open: (knex, config) => knex({ client: 'pg', connection: config }),
  use: (knex) => knex.raw('select 1'),
  close: (knex) => knex.destroy(),
}
