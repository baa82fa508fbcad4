/**
 * postgres (postgres.js): it gives no way to its socket, and sets values of its own when it has connected.
 * It needs no 'error' listener.
 */
import postgres from 'postgres'
import { installKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  installKeepAlive({ detectWithin: 30_000 }, { match: config.port })
  return postgres(config)
}
