/** Clients of HTTP. case.ts describes the fields. */
import { text } from 'node:stream/consumers'

const originOf = ({ host, ports }) => `http://${host}:${ports.http}`

/** No client closes an idle connection before the cable is cut. */
const LONG = 600_000

/** The words here for a loss that the client reports only by events. */
const NO_ANSWER = 'no answer'

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'

const responseOf = (request) =>
  new Promise((resolve, reject) => {
    request.once('response', resolve).once('close', () => reject(new Error(NO_ANSWER)))
  })

export default {
  'node:http, node:https: `request()`, `get()`': {
    package: 'node:http',
    listener: "`request.on('error', …)`",
    emits: ['asked'],
    rejects: NO_ANSWER,
    open(http, where, listen) {
      const agent = new http.Agent({ keepAlive: true })
      return async () => text(await responseOf(listen(http.get(originOf(where), { agent }))))
    },
  },
  'node:http2: `connect()`, `request()`': {
    package: 'node:http2',
    listener: "`session.on('error', …)`, and `stream.on('error', …)` on each request",
    emits: ['idle', 'asked'],
    rejects: NO_ANSWER,
    connect: (http2, { host, ports }, listen) => listen(http2.connect(`http://${host}:${ports.http2}`)),
    ask: (session, listen) => responseOf(listen(session.request({ ':path': '/' }).resume())),
  },
  fetch: {
    program: 'fetch',
    rejects: 'fetch failed',
  },
  'undici: `Pool`, `Agent`': {
    package: 'undici',
    rejects: ETIMEDOUT,
    open({ Pool }, where) {
      const pool = new Pool(originOf(where), { connections: 1, keepAliveTimeout: LONG })
      return async () => (await pool.request({ method: 'GET', path: '/' })).body.text()
    },
  },
  '@clickhouse/client: `createClient()`': {
    program: 'clickhouse',
    options: { keep_alive: { idle_socket_ttl: LONG } },
    rejects: ETIMEDOUT,
  },
  '@grpc/grpc-js: `new Client()`': {
    program: 'grpc-js',
    rejects: '14 14 UNAVAILABLE: read ETIMEDOUT',
  },
}
