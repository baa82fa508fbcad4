/** The peers: accepts connections, and reads them until they end. Stops together with its parent. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { certificate } from '../../lab/servers/certificate.ts'

function accept(socket: Socket): void {
  socket.on('error', () => {}) // the other side ends with a reset
  socket.resume()
}

// Below the range of ephemeral ports, like a server's.
const PORT = 20_000 + (process.pid % 10_000)
const plain = createServer(accept).listen({ port: PORT, host: '127.0.0.1', backlog: 4096 })
const tls = createTlsServer(certificate, accept).listen({ port: 0, host: '127.0.0.1' })
tls.on('tlsClientError', () => {})
await Promise.all([once(plain, 'listening'), once(tls, 'listening')])

process.on('disconnect', () => process.exit())
process.send?.({
  port: (plain.address() as AddressInfo).port,
  tlsPort: (tls.address() as AddressInfo).port,
  certificate: certificate.cert,
})
