/**
 * @clickhouse/client: it takes an http(s).Agent, and an agent may make its sockets as it likes.
 * It needs no 'error' listener.
 */
import http from 'node:http'
import https from 'node:https'
import { createClient } from '@clickhouse/client'
import { holdKeepAlive } from 'tcp-keepalive'

const held = (Agent) =>
  class extends Agent {
    createConnection(...args) {
      const socket = super.createConnection(...args)
      holdKeepAlive(socket, { detectWithin: 30_000 })
      return socket
    }
  }

export function connect(config) {
  const HeldAgent = held(config.url.startsWith('https:') ? https.Agent : http.Agent)
  return createClient({ ...config, http_agent: new HeldAgent({ keepAlive: true }) })
}
