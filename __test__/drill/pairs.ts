/** Connected pairs of every kind that can be cut off. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { certificate } from '../../lab/servers/certificate.ts'

export interface Pair {
  readonly client: net.Socket
  readonly accepted: net.Socket
}

/** By name: where the server listens, and where the client connects to. */
export const KINDS: Readonly<Record<string, readonly [listen: string, connect: string]>> = {
  IPv4: ['127.0.0.1', '127.0.0.1'],
  IPv6: ['::1', '::1'],
  'v4-mapped IPv6': ['::', '::ffff:127.0.0.1'],
}

/** For tests that end connections: the code that waits for an error handles it. */
function quiet({ client, accepted }: Pair): Pair {
  for (const socket of [client, accepted]) socket.on('error', () => {})
  return { client, accepted }
}

/** The server accepts no further connection, so this one is the only one. */
export async function plainPair(kind: string): Promise<Pair> {
  const [listen, to] = KINDS[kind] ?? []
  const server = net.createServer().listen(0, listen)
  await once(server, 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, to)
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [net.Socket],
    unknown,
  ]
  server.close()
  return quiet({ client, accepted })
}

export async function tlsPair(kind: string): Promise<Pair> {
  const [listen, host] = KINDS[kind] ?? []
  const server = tls.createServer(certificate).listen(0, listen)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = tls.connect({
    port,
    host: host ?? '',
    ca: certificate.cert,
    checkServerIdentity: () => undefined,
  })
  const [[accepted]] = (await Promise.all([
    once(server, 'secureConnection'),
    once(client, 'secureConnect'),
  ])) as [[tls.TLSSocket], unknown]
  server.close()
  return quiet({ client, accepted })
}
