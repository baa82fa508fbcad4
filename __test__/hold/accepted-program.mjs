// Servers of every kind that do not use this package, also in a cluster worker. node --import tcp-keepalive/register
// accepted-program.mjs [cluster] Prints a line of JSON for each event: { ports } once all listen, and { kind, port, code, at,
// pausedMs } for each connection that ends.
import cluster from 'node:cluster'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { createRequire } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'
import { watchPauses } from '../../lab/pauses.mjs'

/** More than the buffers of both kernels hold. */
const MUCH = Buffer.alloc(32 * 1024 * 1024)
const certificate = JSON.parse(process.env.CERTIFICATE)
const { WebSocketServer } = createRequire(new URL('../../examples/package.json', import.meta.url))('ws')

/** A client that asks for much data gets it. The others wait, as subscribers do. */
const answer = (request, response) => {
  request.on('error', () => {})
  response.on('error', () => {})
  response.writeHead(200)
  response.write(request.url === '/much' ? MUCH : 'welcome')
}

const raw = (socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => socket.write(String(data).includes('much') ? MUCH : 'welcome'))
}

function withWebSockets() {
  const server = http.createServer()
  new WebSocketServer({ server }).on('connection', (socket, { url }) => {
    socket.on('error', () => {})
    socket.send(url === '/much' ? MUCH : 'welcome')
  })
  return server
}

const kinds = {
  net: () => net.createServer(raw),
  tls: () => tls.createServer(certificate, raw),
  http: () => http.createServer(answer),
  https: () => https.createServer(certificate, answer),
  http2: () => http2.createServer(answer).on('sessionError', () => {}),
  'http2 over TLS': () => http2.createSecureServer(certificate, answer).on('sessionError', () => {}),
  ws: withWebSockets,
}

async function serve() {
  const pausedSince = watchPauses()
  const begun = Date.now()
  const ports = {}
  for (const [kind, create] of Object.entries(kinds)) {
    const server = create()
    server.on('clientError', (_error, socket) => socket.destroy())
    server.on('tlsClientError', () => {})
    server.on('connection', (socket) => {
      const { remotePort: port } = socket
      let code
      socket.on('error', (error) => {
        code = error.code
      })
      socket.on('close', () => {
        say({ kind, port, code, at: Date.now(), pausedMs: pausedSince(begun) })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports[kind] = server.address().port
  }
  say({ ports })
}

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

if (process.argv[2] === 'cluster' && cluster.isPrimary) {
  const worker = cluster.fork()
  process.on('SIGTERM', () => {
    worker.process.kill()
    process.exit()
  })
} else await serve()
