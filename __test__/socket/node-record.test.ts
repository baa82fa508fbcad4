/** Node's record of its last `setKeepAlive()` stays correct after ours, and does not outlive the connection. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import type * as Package from 'tcp-keepalive'
import { holdKeepAlive, installKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { ROOT } from '../../lab/command.ts'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, readback } from '../../lab/readback/readback.ts'

const DIST = join(ROOT, 'dist')
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

test("Node's own call turns the set values off, and on again", async (t) => {
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

test("a call with a delay is Node's own, whether it comes before or after a set", async (t) => {
  const socket = fresh(t)
  await connect(socket, await peer(t))
  setKeepAlive(socket, ASKED)
  for (const seconds of [60, 60, 70]) {
    socket.setKeepAlive(true, seconds * 1000)
    t.like(readback(socket), { enabled: 1, time: seconds, interval: 1, retries: 10 })
  }
  setKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 70_000) // Node records this call, and does nothing
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

test("connected again, Node repeats the program's own calls of Node's method", async (t) => {
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

/** How a hold on a connected socket ends, by the time the same object connects again. */
const ENDS: Readonly<Record<string, (socket: net.Socket, port: number) => void>> = {
  'a hold is released': (socket) => holdKeepAlive(socket, ASKED).release(),
  'the newer of two holds is released, then the older': (socket) => {
    const older = holdKeepAlive(socket, ASKED)
    holdKeepAlive(socket, { ...ASKED, retries: 7 }).release()
    older.release()
  },
  'a hold is released while another socket is held': (socket) => {
    const around = holdKeepAlive(new net.Socket(), ASKED)
    holdKeepAlive(socket, ASKED).release()
    around.release()
  },
  'a plain false ends a hold': (socket) => {
    holdKeepAlive(socket, ASKED)
    setKeepAlive(socket, false)
  },
  'a plain set, then a hold, are ended by a plain false': (socket) => {
    setKeepAlive(socket, ASKED)
    holdKeepAlive(socket, ASKED)
    setKeepAlive(socket, false)
  },
  'a hold of off is released after a plain set': (socket) => {
    setKeepAlive(socket, ASKED)
    holdKeepAlive(socket, { enabled: false }).release()
  },
}

for (const [end, act] of Object.entries(ENDS)) {
  test(`the same object connected again after ${end}: Node repeats no held values`, async (t) => {
    const port = await peer(t)
    const socket = fresh(t)
    await connect(socket, port)
    act(socket, port)
    await connect(socket, port)
    t.is(readback(socket).enabled, 0)
    t.is(socket.listenerCount('close'), 0)
  })
}

test("after a hold is released, Node turns the kept values off, and repeats the program's own calls", async (t) => {
  const port = await peer(t)
  const socket = fresh(t)
  await connect(socket, port)
  holdKeepAlive(socket, ASKED).release()
  t.is(readback(socket).enabled, 1)
  socket.setKeepAlive(false)
  t.is(readback(socket).enabled, 0)

  socket.setKeepAlive(true, 60_000)
  holdKeepAlive(socket, { enabled: false }).release()
  t.is(readback(socket).enabled, 0)
  await connect(socket, port)
  t.like(readback(socket), { enabled: 1, time: 60 })

  holdKeepAlive(socket, { time: 16_000 })
  socket.setKeepAlive(true, 70_000) // the hold lets this call through, because of its interval and retries
  setKeepAlive(socket, false)
  await connect(socket, port)
  t.like(readback(socket), { enabled: 1, time: 70 })
})

test('a hold that stays applies each time that the same object connects', async (t) => {
  const port = await peer(t)
  const socket = fresh(t)
  const hold = holdKeepAlive(socket, ASKED)
  for (let attempt = 0; attempt < 3; attempt++) {
    await connect(socket, port)
    t.like(readback(socket), { enabled: 1, time: 16, interval: 2, retries: 5 })
    socket.setKeepAlive(false)
    t.is(readback(socket).enabled, 1)
    t.is(socket.listenerCount('close'), 0)
  }
  hold.release()
  await connect(socket, port)
  t.is(readback(socket).enabled, 0)
})

for (const kind of ['plain', 'TLS that connects itself', 'TLS around a socket']) {
  test(`uninstalled while the connection is open, the same object reconnects without values: ${kind}`, async (t) => {
    const port = await peer(t)
    const secure = tls.createServer(certificate).listen(0, '127.0.0.1')
    t.teardown(() => secure.close())
    await once(secure, 'listening')
    const to = kind === 'plain' ? port : (secure.address() as net.AddressInfo).port
    const install = installKeepAlive(ASKED, { match: to })
    const options = { ca: certificate.cert, servername: 'localhost' }
    const socket = kind === 'TLS that connects itself' ? tls.connect({ ...options, port: to }) : fresh(t)
    t.teardown(() => socket.destroy())
    if (socket instanceof tls.TLSSocket) await once(socket, 'secureConnect')
    else await connect(socket, to)
    if (kind === 'TLS around a socket') await once(tls.connect({ ...options, socket }), 'secureConnect')
    t.is(readback(socket).enabled, 1)
    install.uninstall()
    await connect(socket, port)
    t.is(readback(socket).enabled, 0)
  })
}

/** The package loaded again, like another version of it in node_modules. */
function anotherCopy(): typeof Package {
  const require = createRequire(import.meta.url)
  for (const path of Object.keys(require.cache))
    if (path.startsWith(DIST)) Reflect.deleteProperty(require.cache, path)
  return require('tcp-keepalive') as typeof Package
}

for (const held of [false, true]) {
  test(`another copy turns off what this one has ${held ? 'held' : 'set'}: Node repeats neither`, async (t) => {
    const [one, other] = [anotherCopy(), anotherCopy()]
    t.not(one.setKeepAlive, other.setKeepAlive)
    const port = await peer(t)
    const socket = fresh(t)
    await connect(socket, port)
    if (held) one.holdKeepAlive(socket, ASKED)
    else one.setKeepAlive(socket, ASKED)
    other.setKeepAlive(socket, false)
    t.is(readback(socket).enabled, 0)
    await connect(socket, port)
    t.is(readback(socket).enabled, 0)
  })
}
