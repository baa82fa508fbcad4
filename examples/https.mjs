/**
 * https.Agent: as http.Agent; a hold on a TLS socket is a hold on the socket beneath. Each request needs an 'error' listener,
 * as always; the agent's idle sockets need none.
 */
import { Agent } from 'node:https'
import { holdKeepAlive } from 'tcp-keepalive'

class HeldAgent extends Agent {
  createConnection(...args) {
    const socket = super.createConnection(...args)
    holdKeepAlive(socket, { detectWithin: 30_000 })
    return socket
  }
}

export function connect(options) {
  return new HeldAgent(options)
}
