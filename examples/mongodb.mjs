/** mongodb: it gives no way to its sockets, of which it has several. It needs no 'error' listener. */
import { MongoClient } from 'mongodb'
import { installKeepAlive } from 'tcp-keepalive'

export function connect({ url }) {
  installKeepAlive({ detectWithin: 30_000 }, { match: Number(new URL(url).port) })
  return new MongoClient(url)
}
