/** redis (node-redis): it gives no way to its socket. */
import { createClient } from 'redis'
import { installKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  installKeepAlive({ detectWithin: 30_000 }, { match: config.socket.port })
  const client = createClient(config)
  client.on('error', (error) => console.error(error.message)) // without it a lost connection ends the program
  return client
}
