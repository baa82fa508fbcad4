/**
 * http2: the session gives a stand-in for its socket, but it takes a function that makes one. Each request's stream needs an 'error'
 * listener too.
 */
import { connect as openSession } from 'node:http2'
import { connect as open } from 'node:net'
import { connect as openTls } from 'node:tls'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(url) {
  const session = openSession(url, { createConnection })
  session.on('error', (error) => console.error(error.message)) // the connection was lost: make a new session
  return session
}

function createConnection({ protocol, hostname, port }) {
  const socket =
    protocol === 'https:'
      ? openTls({ host: hostname, port: Number(port || 443), ALPNProtocols: ['h2'] })
      : open(Number(port || 80), hostname)
  setKeepAlive(socket, { detectWithin: 30_000 }) // in force as soon as it is connected
  return socket
}
