/** Servers and sockets for the tests of holds. All are closed at the end of the test. */
import { once } from 'node:events'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { inItsUnit, type Readback, UNTOUCHED } from '../../lab/readback/readback.ts'

/** The values that these tests hold, and what another process then reads. */
export const ASKED = { time: 11_000, interval: 3000, retries: 5, userTimeout: 25_500 }
export const HELD: Readback = {
  enabled: 1,
  time: 11,
  interval: 3,
  retries: 5,
  userTimeout: inItsUnit(25_500),
}

/** Other values, and what is read for them. */
export const OTHER = { time: 40_000, interval: 7000, retries: 3, userTimeout: 61_000 }
export const OTHER_HELD: Readback = { enabled: 1, time: 40, interval: 7, retries: 3, userTimeout: 61_000 }

/** libuv 1.44 and 1.46, of Node 18 and 20, only write the time on macOS: uv__tcp_keepalive(). */
const WRITES_TIME_ALONE = process.platform === 'darwin' && /^1\.4[0-6]\./.test(process.versions.uv)

/** The values that Node itself sets for `setKeepAlive(true, seconds * 1000)`. */
export function byNode(seconds: number): Readback {
  const { interval, retries } = WRITES_TIME_ALONE ? UNTOUCHED : { interval: 1, retries: 10 }
  return { enabled: 1, time: seconds, interval, retries, userTimeout: 0 }
}

export interface Listening {
  readonly server: net.Server
  readonly port: number
  /** The sockets accepted so far. */
  readonly accepted: net.Socket[]
}

/** Starts a server on loopback. */
export async function listening(
  t: ExecutionContext,
  server: net.Server = net.createServer(),
  ...where: [port?: number, host?: string]
): Promise<Listening> {
  const accepted: net.Socket[] = []
  server.on('connection', (socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
  })
  const [port = 0, host = '127.0.0.1'] = where
  server.listen(port, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of accepted) socket.destroy()
    server.close()
  })
  return { server, port: (server.address() as net.AddressInfo).port, accepted }
}

/** Destroyed at the end of the test; later errors are ignored. */
export function tracked<S extends net.Socket>(t: ExecutionContext, socket: S): S {
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

export async function connected<S extends net.Socket>(t: ExecutionContext, socket: S): Promise<S> {
  tracked(t, socket)
  if (socket.connecting) await once(socket, 'connect')
  return socket
}
