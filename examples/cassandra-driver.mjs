/**
 * cassandra-driver: it gives no way to its sockets, of which it has one or more to each node.
 * It needs no 'error' listener.
 */
import { Client } from 'cassandra-driver'
import { installKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  installKeepAlive({ detectWithin: 30_000 }, { match: Number(config.contactPoints[0].split(':')[1]) })
  return new Client(config)
}
