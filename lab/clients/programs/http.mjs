import { once } from 'node:events'
import http from 'node:http'
import { text } from 'node:stream/consumers'

/** A client of `node:http` or `node:https`, with more options for its agent. */
export const clientOf = (module, more) => ({
  server: 'http',
  config: ({ host, port }, own) => ({ host, port, options: { keepAlive: true, ...more, ...own } }),
  own: (seconds) => ({ keepAliveMsecs: seconds * 1000 }),
  way: '`createConnection` of a subclass',
  left: '1/1/10',
  leftByOwn: '45/1/10',
  open: (_, { options, ...to }) => ({ agent: new module.Agent(options), ...to }),
  fromExample: (connect, { options, ...to }) => ({ agent: connect(options), ...to }),
  async use(options) {
    const [response] = await once(module.get(options), 'response')
    await text(response) // to its end, so that the socket goes back to the agent
  },
  close: ({ agent }) => agent.destroy(),
})

export default { ...clientOf(http), package: 'node:http', tls: false }
