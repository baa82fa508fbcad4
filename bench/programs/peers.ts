/** The other ends: accepts whatever comes, and holds it until it ends. Stops when its parent does. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { certificate } from '../../lab/servers/certificate.ts'

function hold(socket: Socket): void {
  socket.on('error', () => {}) // a reset, which is how the other side ends
  socket.resume()
}

// Below the range from which the system draws, as servers have it.
const PORT = 20_000 + (process.pid % 10_000)
const plain = createServer(hold).listen({ port: PORT, host: '127.0.0.1', backlog: 4096 })
const tls = createTlsServer(certificate, hold).listen({ port: 0, host: '127.0.0.1' })
tls.on('tlsClientError', () => {})
await Promise.all([once(plain, 'listening'), once(tls, 'listening')])

process.on('disconnect', () => process.exit())
process.send?.({
  port: (plain.address() as AddressInfo).port,
  tlsPort: (tls.address() as AddressInfo).port,
  certificate: certificate.cert,
})
