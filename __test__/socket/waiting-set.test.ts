/** Sets that wait for 'connect' are merged into one, and end with the attempt. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { setKeepAlive } from 'tcp-keepalive'
import { connectedPair, readback, UNTOUCHED } from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const HELD = { enabled: 1, time: 16, interval: 2, retries: 5, userTimeout: 25_500 }
const LISTENERS = ['connect', 'close', 'listening'] as const

/** The binding's calls, which are counted and passed on. */
const binding = createRequire(import.meta.url)('tcp-keepalive/native') as {
  setKeepAlive(...args: unknown[]): number
}
const { setKeepAlive: set } = binding
let puts = 0
binding.setKeepAlive = (...args) => {
  puts++
  return set(...args)
}

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function openPort(t: ExecutionContext): Promise<number> {
  const sockets = await connectedPair()
  t.teardown(sockets.close)
  return sockets.port
}

function fresh(t: ExecutionContext): net.Socket {
  const socket = new net.Socket().on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

const listeners = (socket: net.Socket): readonly number[] =>
  LISTENERS.map((name) => socket.listenerCount(name))
const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('close', () => resolve()))

test.serial('after 1000 failed attempts, the successful one costs one set', async (t) => {
  const [dead, alive] = [await closedPort(), await openPort(t)]
  const socket = fresh(t)
  const none = listeners(socket)
  for (let attempt = 0; attempt < 1000; attempt++) {
    const end = closed(socket)
    socket.connect(dead, '127.0.0.1')
    setKeepAlive(socket, ASKED)
    await end
    if (attempt % 100 === 0) t.deepEqual(listeners(socket), none)
  }
  puts = 0
  socket.connect(alive, '127.0.0.1')
  setKeepAlive(socket, ASKED)
  await once(socket, 'connect')
  t.is(puts, 1)
  t.deepEqual(readback(socket), HELD)
})

test.serial('a failed attempt leaves nothing for the next', async (t) => {
  const socket = fresh(t)
  const end = closed(socket)
  socket.connect(await closedPort(), '127.0.0.1')
  setKeepAlive(socket, ASKED)
  await end
  socket.connect(await openPort(t), '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), UNTOUCHED)
})

test.serial(
  "a set for the next attempt, made in the last one's 'error' listener, is not dropped by its 'close'",
  async (t) => {
    const alive = await openPort(t)
    const socket = fresh(t)
    socket.once('error', () => {
      socket.connect(alive, '127.0.0.1')
      setKeepAlive(socket, ASKED)
    })
    const connected = new Promise((resolve) => socket.once('connect', resolve))
    socket.connect(await closedPort(), '127.0.0.1')
    await connected
    t.deepEqual(readback(socket), HELD)
  },
)

test.serial('several waiting sets are merged into one', async (t) => {
  const port = await openPort(t)
  const socket = fresh(t)
  for (let time = 0; time < 100; time++) setKeepAlive(socket, { time: 9000, retries: 4 })
  setKeepAlive(socket, { interval: 2000, userTimeout: 25_500 })
  setKeepAlive(socket, { time: 16_000, retries: 5 })
  puts = 0
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.is(puts, 1)
  t.deepEqual(readback(socket), HELD)
})

test.serial('a server that fails to listen keeps its set for the next attempt', async (t) => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const server = net.createServer()
  setKeepAlive(server, ASKED)
  server.listen((taken.address() as net.AddressInfo).port, '127.0.0.1')
  await once(server, 'error')
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.deepEqual(readback(server), HELD)
})

test.serial('TLS around a connecting socket has the values once it is connected', async (t) => {
  const plain = fresh(t).connect(await openPort(t), '127.0.0.1')
  const secure = tls.connect({ socket: plain }).on('error', () => {})
  t.teardown(() => secure.destroy())
  setKeepAlive(secure, ASKED)
  await once(plain, 'connect')
  t.deepEqual(readback(plain), HELD)
  secure.setKeepAlive(false)
  t.is(readback(plain).enabled, 0)
})
