/** Clients of HTTP. What a case says is described in case.ts. */
import { text } from 'node:stream/consumers'

const originOf = ({ host, ports }) => `http://${host}:${ports.http}`

/** Nothing closes an idle connection before the cable is cut. */
const LONG = 600_000

/** Said here of what tells by events alone. */
const NO_ANSWER = 'no answer'

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'

export default {
  'node:http, node:https: `request()`, `get()`': {
    package: 'node:http',
    listener: "`request.on('error', …)`",
    emits: ['asked'],
    ends: ['asked'],
    rejects: NO_ANSWER,
    open(http, where, listen) {
      const agent = new http.Agent({ keepAlive: true })
      return async () => {
        const request = listen(http.get(originOf(where), { agent }))
        const response = await new Promise((resolve, reject) => {
          request.once('response', resolve).once('close', () => reject(new Error(NO_ANSWER)))
        })
        return text(response)
      }
    },
  },
  'node:http2: `connect()`, `request()`': {
    package: 'node:http2',
    listener: "`session.on('error', …)`, and `stream.on('error', …)` on each request",
    emits: ['idle', 'asked'],
    ends: ['idle', 'asked'],
    rejects: NO_ANSWER,
    async open(http2, { host, ports }, listen) {
      const connect = () => listen(http2.connect(`http://${host}:${ports.http2}`))
      const ask = (session) => {
        const stream = listen(session.request({ ':path': '/' }).resume())
        return new Promise((resolve, reject) => {
          stream.once('response', resolve).once('close', () => reject(new Error(NO_ANSWER)))
        })
      }
      const session = connect()
      await ask(session)
      return { call: () => ask(session), again: () => ask(connect()) }
    },
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
    package: '@clickhouse/client',
    rejects: ETIMEDOUT,
    open({ createClient }, where) {
      const client = createClient({ url: originOf(where), keep_alive: { idle_socket_ttl: LONG } })
      return async () => {
        const { success, error } = await client.ping()
        if (!success) throw error
      }
    },
  },
  '@grpc/grpc-js: `new Client()`': {
    program: 'grpc-js',
    rejects: '14 14 UNAVAILABLE: read ETIMEDOUT',
  },
}
