/** undici: it takes a function that makes its sockets. It needs no 'error' listener. */
import { setKeepAlive } from 'tcp-keepalive'
import { buildConnector, Pool } from 'undici'

export function connect({ origin, options }) {
  const open = buildConnector(options.connect)
  const connect = (to, done) =>
    open(to, (error, socket) => {
      if (socket) setKeepAlive(socket, { detectWithin: 30_000 })
      done(error, socket)
    })
  return new Pool(origin, { ...options, connect })
}
