/** Events that come too early, and writes that no wrapped method sees. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import test from 'ava'
import { holdKeepAlive, inspectSocket, installKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { rawDescriptor, readback } from '../../lab/readback/readback.ts'
import { ASKED, connected, HELD, listening, tracked } from './sockets.ts'

const begins = {
  install: (t: { teardown(end: () => void): void }) => {
    const installed = installKeepAlive(ASKED)
    t.teardown(() => installed.uninstall())
  },
  hold: (_: unknown, socket: net.Socket) => void holdKeepAlive(socket, ASKED),
  'waiting set': (_: unknown, socket: net.Socket) => setKeepAlive(socket, ASKED),
}
for (const [name, begin] of Object.entries(begins)) {
  test.serial(`a 'connect' event while the socket is still connecting is ignored: ${name}`, async (t) => {
    const { port } = await listening(t)
    const socket = tracked(t, new net.Socket())
    begin(t, socket)
    socket.emit('connect')
    socket.connect(port, '127.0.0.1')
    socket.emit('connect')
    t.true(socket.connecting)
    await once(socket, 'connect')
    t.deepEqual(readback(socket), HELD)
    if (name !== 'waiting set') t.is(inspectSocket(socket).heldBy, name as 'hold')
  })
}

/** Like Node's own setKeepAlive(), but without any wrapped method. */
function writePast(socket: net.Socket, enable: boolean, seconds: number): void {
  const { _handle: handle } = socket as unknown as {
    _handle: { setKeepAlive(enable: boolean, delay: number, interval?: number, count?: number): number }
  }
  handle.setKeepAlive(enable, seconds, 1, 10)
}

test.serial("a write that bypasses the hold is found at the driver's next call", async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, ASKED)
  for (const [enable, delay] of [
    [true, 5000],
    [false, undefined],
    [true, undefined],
  ] as const) {
    writePast(socket, true, 45)
    t.is(readback(socket).time, 45)
    socket.setKeepAlive(enable, delay)
    t.deepEqual(readback(socket), HELD)
  }
  writePast(socket, false, 0)
  t.is(readback(socket).enabled, 0)
  socket.setKeepAlive(true, 9000)
  t.deepEqual(readback(socket), HELD)
  setKeepAlive(rawDescriptor(socket), { userTimeout: 7000 })
  socket.setKeepAlive(true, 10_000)
  t.deepEqual(readback(socket), HELD)
})

test.serial(
  'a write that bypasses the hold beneath TLS is found at the next call on the TLS socket',
  async (t) => {
    const { port } = await listening(t, tls.createServer(certificate))
    const raw = await connected(t, net.connect(port, '127.0.0.1'))
    const secure = tracked(t, tls.connect({ socket: raw, ca: certificate.cert, servername: 'localhost' }))
    await once(secure, 'secureConnect')
    holdKeepAlive(secure, ASKED)
    writePast(secure, true, 45)
    secure.setKeepAlive(true, 5000)
    t.deepEqual(readback(secure), HELD)
  },
)
