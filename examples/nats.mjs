/** nats: it gives no way to its socket. It needs no 'error' listener. */
import { connect as open } from 'nats'
import { installKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  installKeepAlive({ detectWithin: 30_000 }, { match: Number(config.servers.split(':')[1]) })
  return open(config)
}
