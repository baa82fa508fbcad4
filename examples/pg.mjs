/** pg: its pool says when a client has connected. Without the two listeners a lost connection ends the program. */
import pg from 'pg'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  const pool = new pg.Pool(config)
  pool.on('connect', (client) => {
    setKeepAlive(client.connection.stream, { detectWithin: 30_000 })
    client.on('error', () => {}) // lost while it is checked out: its query rejects, and so does every later one
  })
  pool.on('error', (error) => console.error(error.message)) // lost while it is idle: the pool makes a new one
  return pool
}
