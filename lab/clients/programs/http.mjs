import http from 'node:http'
import { request } from './request.mjs'

export default {
  package: 'node:http',
  server: 'http',
  tls: false,
  config: ({ host, port }, own) => ({ host, port, options: { keepAlive: true, ...own } }),
  own: (seconds) => ({ keepAliveMsecs: seconds * 1000 }),
  way: '`createConnection` of a subclass',
  left: '1/1/10',
  leftByOwn: '45/1/10',
  open: (http, { options, ...to }) => ({ http, agent: new http.Agent(options), ...to }),
  fromExample: (connect, { options, ...to }) => ({ http, agent: connect(options), ...to }),
  use: ({ http, agent, host, port }) => request(http, { agent, host, port }),
  close: ({ agent }) => agent.destroy(),
}
