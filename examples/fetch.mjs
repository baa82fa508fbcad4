/** fetch: the client inside Node gives no way to its sockets. It needs no 'error' listener. */
import { installKeepAlive } from 'tcp-keepalive'

export function connect(url) {
  installKeepAlive({ detectWithin: 30_000 }, { match: Number(new URL(url).port) })
  return url
}
