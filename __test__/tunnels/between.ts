/** The hops between a client and its server: a SOCKS proxy (RFC 1928), an HTTP proxy (CONNECT), and an SSH server. */
import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import type { Duplex } from 'node:stream'

const require = createRequire(new URL('../../examples/package.json', import.meta.url))

export interface Between {
  readonly port: number
  close(): void
}

/** Without authentication, for IPv4 addresses and names. */
export async function socksProxy(): Promise<Between> {
  return started(
    net.createServer((client) => {
      client.on('error', () => {})
      client.once('data', () => {
        client.write(Buffer.from([5, 0]))
        client.once('data', (request) => {
          const { host, port } = requested(request)
          const onward = net.connect(port, host, () => {
            client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
            join(client, onward)
          })
        })
      })
    }),
  )
}

function requested(request: Buffer): { host: string; port: number } {
  const end = request.length - 2
  const isName = request[3] === 3
  const host = isName ? request.toString('latin1', 5, end) : [...request.subarray(4, end)].join('.')
  return { host, port: request.readUInt16BE(end) }
}

export async function httpProxy(): Promise<Between> {
  const server = http.createServer()
  server.on('connect', ({ url = '' }: http.IncomingMessage, client: Duplex) => {
    const { hostname, port } = new URL(`http://${url}`)
    const onward = net.connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      join(client, onward)
    })
  })
  return started(server)
}

/** The used part of ssh2's exports, which have no types. */
interface Ssh2 {
  readonly Server: new (options: object, onClient: (client: NodeJS.EventEmitter) => void) => net.Server
  readonly utils: { generateKeyPairSync(type: string): { readonly private: string } }
}

/** Accepts every user, and forwards every request. */
export async function sshServer(): Promise<Between> {
  const { Server, utils } = require('ssh2') as Ssh2
  const hostKeys = [utils.generateKeyPairSync('ed25519').private]
  const server = new Server({ hostKeys }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context: { accept(): void }) => context.accept())
    client.on('ready', () => {
      client.on(
        'tcpip',
        (accept: () => Duplex, _reject: unknown, to: { destIP: string; destPort: number }) => {
          const onward = net.connect(to.destPort, to.destIP, () => join(accept(), onward))
        },
      )
    })
  })
  return started(server)
}

function join(one: Duplex, other: Duplex): void {
  for (const end of [one, other]) end.on('error', () => {})
  one.pipe(other).pipe(one)
}

async function started(server: net.Server): Promise<Between> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as net.AddressInfo).port, close: () => server.close() }
}
