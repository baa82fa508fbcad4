import https from 'node:https'
import { request } from './request.mjs'

export default {
  package: 'node:https',
  server: 'http',
  tls: 'only',
  config: ({ host, port }, own) => ({
    host,
    port,
    options: { keepAlive: true, rejectUnauthorized: false, ...own },
  }),
  own: (seconds) => ({ keepAliveMsecs: seconds * 1000 }),
  way: '`createConnection` of a subclass',
  left: '1/1/10',
  leftByOwn: '45/1/10',
  underTlsUpTo22: { overwrites: 'always' },
  open: (https, { options, ...to }) => ({ https, agent: new https.Agent(options), ...to }),
  fromExample: (connect, { options, ...to }) => ({ https, agent: connect(options), ...to }),
  use: ({ https, agent, host, port }) => request(https, { agent, host, port }),
  close: ({ agent }) => agent.destroy(),
}
