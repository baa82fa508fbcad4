/** Web servers of Node: HTTP/1.1, HTTP/2, and gRPC over it. */
import { certificate } from './certificate.ts'
import type { ServerKind } from './service.ts'

/** Answers every request with the line that ClickHouse answers a ping with. */
export const http: ServerKind = {
  name: 'HTTP server of Node',
  unavailable: () => undefined,
  async start(host) {
    const program = host.start(async (tls: { key: string; cert: string }, { tell }) => {
      const http = await import('node:http')
      const https = await import('node:https')
      const answer = (_: unknown, response: { end(text: string): void }): void => response.end('Ok.\n')
      const keepAliveTimeout = 600_000 // so that it does not end its clients' idle connections
      const secure = https.createServer({ ...tls, keepAliveTimeout }, answer)
      http.createServer({ keepAliveTimeout }, answer).listen(8080, () => {
        secure.listen(8443, () => tell('ready'))
      })
    }, certificate)
    await program.event('ready')
    return { port: 8080, tlsPort: 8443, stop: () => program.stop() }
  },
}

/** Answers every request as gRPC: an empty message, status OK. */
export const http2: ServerKind = {
  name: 'HTTP/2 server of Node',
  unavailable: () => undefined,
  async start(host) {
    const program = host.start(async (tls: { key: string; cert: string }, { tell }) => {
      const http2 = await import('node:http2')
      type Stream = InstanceType<typeof http2.Http2ServerRequest>['stream']
      const answer = (stream: Stream): void => {
        stream.on('error', () => {}).on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.end(Buffer.alloc(5)) // not compressed, no bytes
      }
      const servers = [http2.createServer(), http2.createSecureServer(tls)] as const
      for (const server of servers)
        server.on('stream', answer).on('session', (session) => session.on('error', () => {}))
      servers[0].listen(8081, () => servers[1].listen(8444, () => tell('ready')))
    }, certificate)
    await program.event('ready')
    return { port: 8081, tlsPort: 8444, stop: () => program.stop() }
  },
}
