/**
 * http.Agent: it sets values of its own at each reuse, which a hold keeps off. For https the same with https.Agent. Each request
 * needs an 'error' listener, as always; the agent's idle sockets need none.
 */
import { Agent } from 'node:http'
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
