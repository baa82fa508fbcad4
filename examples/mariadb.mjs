/** mariadb: the way to its socket is to make the socket. A pool needs no 'error' listener; a connection without one does. */
import { connect as open } from 'node:net'
import { createPool } from 'mariadb'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  return createPool({
    ...config,
    stream(done) {
      const socket = open(config.port, config.host)
      setKeepAlive(socket, { detectWithin: 30_000 }) // in force as soon as it is connected
      done(null, socket)
    },
  })
}
