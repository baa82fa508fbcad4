import { Agent } from 'node:http'

export default {
  package: '@clickhouse/client',
  server: 'http',
  config: ({ host, port }) => ({ url: `http://${host}:${port}`, max_open_connections: 1 }),
  get own() {
    return { http_agent: new Agent({ keepAlive: true, keepAliveMsecs: 45_000, maxSockets: 1 }) }
  },
  way: '`http_agent`, an agent of your own',
  left: '1/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'never',
  open: ({ createClient }, config) => createClient(config),
  async use(client) {
    const { success, error } = await client.ping()
    if (!success) throw error
  },
  close: (client) => client.close(),
}
