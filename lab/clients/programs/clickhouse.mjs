import http from 'node:http'
import https from 'node:https'

export default {
  package: '@clickhouse/client',
  server: 'http',
  config: ({ host, port, tls }, own) => ({
    url: `http${tls ? 's' : ''}://${host}:${port}`,
    max_open_connections: 1,
    ...(own.keepAliveMsecs ? { http_agent: new (tls ? https : http).Agent(own) } : own),
  }),
  own: (seconds) => ({ keepAlive: true, keepAliveMsecs: seconds * 1000, maxSockets: 1 }),
  way: '`http_agent`, an agent of your own',
  left: '1/1/10',
  leftByOwn: '45/1/10',
  underTlsUpTo22: { overwrites: 'always' },
  open: ({ createClient }, config) => createClient(config),
  async use(client) {
    const { success, error } = await client.ping()
    if (!success) throw error
  },
  close: (client) => client.close(),
}
