import { request } from './request.mjs'

export default {
  package: 'node:http',
  server: 'http',
  config: ({ host, port }, own) => ({ host, port, options: { keepAlive: true, ...own } }),
  own: { keepAliveMsecs: 45_000 },
  left: '1/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'never',
  open: (http, { options, ...to }) => ({ http, agent: new http.Agent(options), ...to }),
  use: ({ http, agent, host, port }) => request(http, { agent, host, port }),
  close: ({ agent }) => agent.destroy(),
}
