/** @clickhouse/client: it takes an http.Agent, and an agent may make its sockets as it likes. */
import { Agent } from 'node:http'
import { createClient } from '@clickhouse/client'
import { holdKeepAlive } from 'tcp-keepalive'

class HeldAgent extends Agent {
  createConnection(...args) {
    const socket = super.createConnection(...args)
    holdKeepAlive(socket, { detectWithin: 30_000 })
    return socket
  }
}

export function connect(config) {
  return createClient({ ...config, http_agent: new HeldAgent({ keepAlive: true }) })
}
