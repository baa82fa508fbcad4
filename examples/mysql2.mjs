/** mysql2: its pool says when a connection has been made. It needs no 'error' listener; a connection without a pool does. */
import { createPool } from 'mysql2'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  const pool = createPool(config)
  pool.on('connection', (connection) => setKeepAlive(connection.stream, { detectWithin: 30_000 }))
  return pool
}
