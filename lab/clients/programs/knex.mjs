export default {
  package: 'knex',
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  way: '`pool.afterCreate`',
  use: (knex) => knex.raw('select 1'),
  close: (knex) => knex.destroy(),
}
