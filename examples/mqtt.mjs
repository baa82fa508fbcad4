/** mqtt: `connect` comes at each connection, also at each reconnection. */
import { connect as open } from 'mqtt'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(options) {
  const client = open(options)
  client.on('connect', () => setKeepAlive(client.stream, { detectWithin: 30_000 }))
  client.on('error', (error) => console.error(error.message))
  return client
}
