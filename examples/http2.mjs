/** http2: the session gives a stand-in for its socket, but it takes a function that makes one. */
import { connect as openSession } from 'node:http2'
import { connect as open } from 'node:net'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(url) {
  return openSession(url, { createConnection })
}

function createConnection({ hostname, port }) {
  const socket = open(Number(port), hostname)
  setKeepAlive(socket, { detectWithin: 30_000 }) // in force as soon as it is connected
  return socket
}
