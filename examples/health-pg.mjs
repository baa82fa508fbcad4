/** pg: a pool of which no client is handed out whose server has fallen silent. */
import pg from 'pg'
import { getTcpInfo, setKeepAlive } from 'tcp-keepalive'

const VALUES = { time: 2000, interval: 2000, retries: 5, userTimeout: 11_500 }

export function connect(config) {
  const pool = new pg.Pool({ connectionTimeoutMillis: 5000, ...config })
  pool.on('connect', (client) => {
    setKeepAlive(client.connection.stream, VALUES)
    client.on('error', () => {}) // lost while checked out: its query rejects, and so does every later one
  })
  pool.on('error', (error) => console.error(error.message)) // lost while it is idle: the pool makes a new one
  return pool
}

/** Instead of `pool.connect()`. */
export async function checkout(pool) {
  for (;;) {
    const client = await pool.connect()
    const { stream } = client.connection
    if (!isSilent(stream)) return client
    stream.destroy() // first, so that pg says no goodbye to somebody who does not hear it
    client.release(true) // it does not go back into the pool
  }
}

/** Whether the peer has left probes unanswered or data unacknowledged. */
function isSilent(socket) {
  if (socket.destroyed) return true
  const { unansweredProbes = 0, unacknowledged = 0 } = getTcpInfo(socket)
  return unansweredProbes > 0 || unacknowledged > 0
}
