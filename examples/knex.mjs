/** knex: its pool hands out every new connection of the driver beneath, here pg. It needs no 'error' listener. */
import knex from 'knex'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  return knex({
    client: 'pg',
    connection: config,
    pool: {
      afterCreate(client, done) {
        setKeepAlive(client.connection.stream, { detectWithin: 30_000 })
        done(null, client)
      },
    },
  })
}
