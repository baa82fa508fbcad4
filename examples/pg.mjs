/** pg: its pool says when a client has connected. */
import pg from 'pg'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  const pool = new pg.Pool(config)
  pool.on('connect', (client) => setKeepAlive(client.connection.stream, { detectWithin: 30_000 }))
  pool.on('error', (error) => console.error(error.message)) // an idle client was lost; the pool makes a new one
  return pool
}
