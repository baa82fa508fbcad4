/** mysql2: a pool of which no connection is handed out whose server has fallen silent. It needs no 'error' listener. */
import { createPool } from 'mysql2/promise'
import { getTcpInfo, setKeepAlive } from 'tcp-keepalive'

const VALUES = { time: 2000, interval: 2000, retries: 5, userTimeout: 11_500 }

export function connect(config) {
  const pool = createPool(config)
  pool.on('connection', (connection) => setKeepAlive(connection.stream, VALUES))
  return pool
}

/** Instead of `pool.getConnection()`. */
export async function checkout(pool) {
  for (;;) {
    const connection = await pool.getConnection()
    const { stream } = connection.connection
    if (!isSilent(stream)) return connection
    stream.destroy() // mysql2 itself would wait for the server to close its end
    connection.destroy() // it does not go back into the pool
  }
}

/** Whether the peer has left probes unanswered or data unacknowledged. */
function isSilent(socket) {
  if (socket.destroyed) return true
  const { unansweredProbes = 0, unacknowledged = 0 } = getTcpInfo(socket)
  return unansweredProbes > 0 || unacknowledged > 0
}
