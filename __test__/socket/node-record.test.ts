/** Node's record of its last `setKeepAlive()` stays true after ours, and does not outlive the connection. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, readback } from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5 }

async function peer(t: ExecutionContext): Promise<number> {
  const sockets = await connectedPair()
  t.teardown(sockets.close)
  return sockets.port
}

/** Connects again after the end of the last connection. */
async function connect(socket: net.Socket, port: number): Promise<void> {
  if (!socket.pending) {
    const closed = once(socket, 'close')
    socket.destroy()
    await closed
  }
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
}

function fresh(t: ExecutionContext, options?: net.SocketConstructorOpts): net.Socket {
  const socket = new net.Socket(options)
  t.teardown(() => socket.destroy())
  return socket
}

test("Node's own call turns off what was set, and on again", async (t) => {
  const socket = fresh(t)
  await connect(socket, await peer(t))
  for (let round = 0; round < 20; round++) {
    setKeepAlive(socket, ASKED)
    t.is(readback(socket).enabled, 1)
    socket.setKeepAlive(false)
    t.is(readback(socket).enabled, 0)
    socket.setKeepAlive(true)
    setKeepAlive(socket, false)
    t.is(readback(socket).enabled, 0)
  }
  t.true(socket.listenerCount('close') <= 1)
})

test("a call with a delay is Node's, whether it comes before or after", async (t) => {
  const socket = fresh(t)
  await connect(socket, await peer(t))
  setKeepAlive(socket, ASKED)
  for (const seconds of [60, 60, 70]) {
    socket.setKeepAlive(true, seconds * 1000)
    t.like(readback(socket), { enabled: 1, time: seconds, interval: 1, retries: 10 })
  }
  setKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 70_000) // Node remembers this call, and does nothing
  t.is(readback(socket).time, 16)
})

test('TLS around a socket: both objects turn off what was set on the upper one', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  for (const which of ['upper', 'lower'] as const) {
    const lower = fresh(t)
    await connect(lower, port)
    const upper = tls.connect({ socket: lower, ca: certificate.cert, servername: 'localhost' })
    t.teardown(() => upper.destroy())
    await once(upper, 'secureConnect')
    setKeepAlive(upper, ASKED)
    t.is(readback(upper).enabled, 1)
    const object = which === 'upper' ? upper : lower
    object.setKeepAlive(false)
    t.is(readback(upper).enabled, 0, which)
  }
})

test('the same object connected again: Node repeats nothing that was only set', async (t) => {
  const port = await peer(t)
  const socket = fresh(t)
  await connect(socket, port)
  setKeepAlive(socket, ASKED)
  await connect(socket, port)
  t.is(readback(socket).enabled, 0)
  t.is(socket.listenerCount('close'), 0)

  setKeepAlive(socket, ASKED)
  setKeepAlive(socket, false)
  setKeepAlive(socket, ASKED)
  await connect(socket, port)
  t.is(readback(socket).enabled, 0)
})

test('connected again, Node repeats what the program has told Node itself', async (t) => {
  const port = await peer(t)
  const socket = fresh(t)
  await connect(socket, port)
  socket.setKeepAlive(true, 60_000)
  setKeepAlive(socket, ASKED)
  await connect(socket, port)
  t.like(readback(socket), { enabled: 1, time: 60 })

  setKeepAlive(socket, false)
  await connect(socket, port)
  t.like(readback(socket), { enabled: 1, time: 60 })

  socket.setKeepAlive(false)
  setKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 70_000)
  await connect(socket, port)
  t.like(readback(socket), { enabled: 1, time: 70 })
})
