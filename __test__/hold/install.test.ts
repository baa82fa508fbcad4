import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import {
  holdKeepAlive,
  type InstallScope,
  installKeepAlive,
  type KeepAliveInstall,
  type KeepAliveOptions,
  type Peer,
  setKeepAlive,
} from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, rawDescriptor, readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { ASKED, byNode, connected, HELD, listening, OTHER, OTHER_HELD, tracked } from './sockets.ts'

/** Installs until the end of the test. Each test uses its own ports, so tests do not affect each other. */
function install(
  t: ExecutionContext,
  options: KeepAliveOptions,
  match?: InstallScope['match'],
): KeepAliveInstall {
  const installed = installKeepAlive(options, { match })
  t.teardown(() => installed.uninstall())
  return installed
}

test('every matching outgoing socket gets the values, however connect() is called', async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  const sockets = [
    net.connect(port),
    net.connect(port, '127.0.0.1'),
    net.connect(String(port) as unknown as number, '127.0.0.1'),
    net.connect({ port, host: '127.0.0.1' }),
    net.createConnection({ port, keepAlive: true, keepAliveInitialDelay: 4000 }),
    new net.Socket().connect(port, '127.0.0.1'),
    new net.Socket().connect({ port, host: '127.0.0.1' }, () => {}),
    new (net as unknown as { Stream: typeof net.Socket }).Stream().connect(port),
    new net.Socket().setKeepAlive(true, 4000).connect(port, '127.0.0.1'),
  ]
  for (const socket of sockets) {
    await connected(t, socket)
    t.deepEqual(readback(socket), HELD)
    socket.setKeepAlive(true, 5000)
    socket.setKeepAlive(false)
    t.deepEqual(readback(socket), HELD)
  }
})

test('a subclass with a connect() of its own', async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  class Traced extends net.Socket {
    override connect(...args: unknown[]): this {
      return Reflect.apply(super.connect, this, args) as this
    }
  }
  const socket = await connected(t, new Traced().connect(port, '127.0.0.1'))
  t.deepEqual(readback(socket), HELD)
})

test('TLS that connects itself, and TLS around a socket', async (t) => {
  const { port } = await listening(t, tls.createServer(certificate))
  install(t, ASKED, port)
  const options = { ca: certificate.cert, servername: 'localhost' }
  const itself = tracked(t, tls.connect({ ...options, port, host: '127.0.0.1' }))
  const around = tracked(t, tls.connect({ ...options, socket: net.connect(port, '127.0.0.1') }))
  for (const socket of [itself, around]) {
    await once(socket, 'secureConnect')
    socket.setKeepAlive(true, 5000)
    t.deepEqual(readback(socket), HELD)
  }
})

test('an http.Agent', async (t) => {
  const { port, accepted } = await listening(
    t,
    http.createServer((_request, response) => response.end('.')),
  )
  install(t, ASKED, port)
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  for (let reuse = 0; reuse < 2; reuse++) {
    const [response] = (await once(http.get({ agent, port, host: '127.0.0.1' }), 'response')) as [
      http.IncomingMessage,
    ]
    const { socket } = response
    t.deepEqual(readback(socket), HELD)
    const free = once(socket, 'free')
    response.resume()
    await free
    t.deepEqual(readback(socket), HELD)
  }
  t.is(accepted.length, 1)
})

test('happy eyeballs: the address that answers gets them', async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, `127.0.0.0/8:${port}`)
  const lookup = (_host: string, _options: unknown, done: (error: null, all: object) => void): void =>
    done(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ])
  const options = {
    port,
    host: 'two.test',
    autoSelectFamily: true,
    lookup,
  } as unknown as net.TcpNetConnectOpts
  const socket = await connected(t, net.connect(options))
  t.deepEqual(readback(socket), HELD)
})

test('each time that the same object connects, the matching install is chosen again', async (t) => {
  const [one, other] = [await listening(t), await listening(t)]
  install(t, ASKED, one.port)
  const socket = tracked(t, new net.Socket())
  for (const [port, expected] of [
    [one.port, HELD],
    [other.port, UNTOUCHED],
    [one.port, HELD],
  ] as const) {
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    t.deepEqual(readback(socket), expected)
    t.is(socket.listenerCount('connect'), 0)
    socket.destroy()
    await once(socket, 'close')
    t.is(socket.listenerCount('close'), 0)
  }
})

const localhost = (socket: net.Socket): string => (socket.remoteFamily === 'IPv6' ? '[::1]' : '127.0.0.1')
const kinds: Readonly<Record<string, (port: number, socket: net.Socket) => InstallScope['match']>> = {
  'a port': (port) => port,
  'a port as text': (port) => String(port),
  'any host and a port': (port) => `*:${port}`,
  'the requested name': (port) => `localhost:${port}`,
  'a name with a star': (port) => `local*:${port}`,
  'the resolved address': (port, socket) => `${localhost(socket)}:${port}`,
  'a network': (port) => [`127.0.0.0/8:${port}`, `[::1/128]:${port}`],
  'a list': (port) => [1, `nobody:${port}`, port],
  'a function': (port) => (peer) => peer.port === port,
}
for (const [name, match] of Object.entries(kinds)) {
  test(`by ${name}: matching connections get the values, others are not changed`, async (t) => {
    const [{ port }, elsewhere] = [await listening(t), await listening(t)]
    const before = await connected(t, net.connect(port, 'localhost'))
    install(t, ASKED, match(port, before))
    const socket = await connected(t, net.connect(port, 'localhost'))
    t.deepEqual(readback(socket), HELD)
    const unmatched = await connected(t, net.connect(elsewhere.port, 'localhost'))
    t.deepEqual(readback(unmatched), UNTOUCHED)
    unmatched.setKeepAlive(true, 5000)
    t.deepEqual(readback(unmatched), byNode(5))
    unmatched.setKeepAlive(false)
    t.is(readback(unmatched).enabled, 0)
    t.deepEqual(readback(before), UNTOUCHED) // it was already connected
  })
}

test("sockets that do not match have the driver's values, also while they connect", async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, `10.0.0.0/8:${port}`) // decided only at 'connect'
  const socket = net.connect({ port, host: 'localhost', keepAlive: true, keepAliveInitialDelay: 3000 })
  socket.setKeepAlive(true, 6000)
  await connected(t, socket)
  t.deepEqual(readback(socket), byNode(6))
  t.is(socket.listenerCount('connect'), 0)
})

test('a match function gets the host, the address and the port, once for each connection', async (t) => {
  const { port } = await listening(t)
  const peers: Peer[] = []
  install(t, ASKED, (peer) => peer.port === port && peers.push(peer) > 0)
  const socket = await connected(t, net.connect(port, 'localhost'))
  socket.setKeepAlive(true, 5000)
  t.deepEqual(peers, [{ host: 'localhost', address: socket.remoteAddress ?? '', port }])
  t.deepEqual(readback(socket), HELD)
})

test('of two installs the newest that matches applies; after uninstall, the other applies at the next call or connect', async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  const newer = install(t, OTHER, [port, 1])
  install(t, { time: 99_000 }, 1) // newer, but not for this port
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.deepEqual(readback(socket), OTHER_HELD)
  newer.uninstall()
  newer.uninstall()
  t.deepEqual(readback(socket), OTHER_HELD)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), HELD)
  t.deepEqual(readback(await connected(t, net.connect(port, '127.0.0.1'))), HELD)
})

test("two installs that are decided at 'connect'", async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, `127.0.0.1:${port}`)
  install(t, OTHER, ({ port: to, host }) => to === port && host === 'other')
  const socket = await connected(t, net.connect({ port, host: 'localhost', family: 4 }))
  t.deepEqual(readback(socket), HELD)
})

test('a hold within an install applies; after its release, the install applies again at once', async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  const socket = net.connect(port, '127.0.0.1')
  const hold = holdKeepAlive(socket, OTHER)
  await connected(t, socket)
  t.deepEqual(readback(socket), OTHER_HELD)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), OTHER_HELD)
  hold.release()
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(false)
  t.deepEqual(readback(socket), HELD)
})

for (const name of ['address', 'function']) {
  test(`a hold that is released before an install's ${name} has decided does not remove the install`, async (t) => {
    const { port } = await listening(t)
    install(t, ASKED, name === 'address' ? `127.0.0.0/8:${port}` : (peer) => peer.port === port)
    const socket = net.connect({ port, host: 'localhost', family: 4 })
    holdKeepAlive(socket, OTHER).release()
    await connected(t, socket)
    t.deepEqual(readback(socket), HELD)
  })
}

test("a call's change to an install that then does not match does not affect the one that matches", async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  install(t, OTHER, (peer) => peer.port === port && peer.address !== '127.0.0.1')
  const socket = net.connect(port, '127.0.0.1')
  setKeepAlive(socket, { time: 9000 })
  await connected(t, socket)
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), HELD)
})

test("a call's change to an install ends with that install, and the next one has its own values", async (t) => {
  const { port } = await listening(t)
  const older = installKeepAlive(OTHER, { match: port })
  const newer = installKeepAlive(ASKED, { match: port })
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, { time: 9000 })
  t.deepEqual(readback(socket), { ...HELD, time: 9 })
  newer.uninstall()
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), OTHER_HELD)
  older.uninstall()
})

test("several calls before an install's match is known all change its values", async (t) => {
  const { port } = await listening(t)
  const install = installKeepAlive(ASKED, { match: (peer) => peer.port === port })
  const socket = net.connect(port, '127.0.0.1')
  setKeepAlive(socket, { time: 9000 })
  setKeepAlive(socket, { retries: 4 })
  await connected(t, socket)
  t.deepEqual(readback(socket), { ...HELD, time: 9, retries: 4 })
  install.uninstall()
})

test('a hold remains after the install around it ends', async (t) => {
  const { port } = await listening(t)
  const around = install(t, ASKED, port)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, OTHER)
  around.uninstall()
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), OTHER_HELD)
})

test("the package's own setKeepAlive changes an install's values on that socket until it reconnects", async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  const socket = tracked(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, { retries: 7 })
  await connected(t, socket)
  t.deepEqual(readback(socket), { ...HELD, retries: 7 })
  setKeepAlive(socket, { time: 9000 })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { ...HELD, retries: 7, time: 9 })
  socket.destroy()
  await once(socket, 'close')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test("the package's own false suspends the install for that socket until it reconnects", async (t) => {
  const { port } = await listening(t)
  install(t, ASKED, port)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, false)
  t.is(readback(socket).enabled, 0)
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).time, 5)
  socket.destroy()
  await once(socket, 'close')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test('after uninstall, sockets keep their values and are no longer held', async (t) => {
  const { port } = await listening(t)
  const installed = install(t, ASKED, port)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const connecting = tracked(t, net.connect(port, '127.0.0.1'))
  installed[Symbol.dispose]()
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).time, 5)
  await connected(t, connecting)
  t.deepEqual(readback(connecting), UNTOUCHED)
})

test.serial(
  'accepted sockets, sockets made from a descriptor and Unix-domain sockets are not outgoing TCP connections',
  async (t) => {
    install(t, ASKED, ({ address }) => address !== '127.0.0.1') // other connections of this process
    const sockets = await connectedPair('127.0.0.1')
    t.teardown(sockets.close)
    t.deepEqual(readback(sockets.accepted), UNTOUCHED)
    const { port } = await listening(t)
    install(t, ASKED, port)
    const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    install(t, ASKED, () => true)
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(join(folder, 'socket'))
    t.teardown(() => server.close())
    await once(server, 'listening')
    for (const connect of [
      () => net.connect(join(folder, 'socket')),
      () => net.connect({ path: join(folder, 'socket') }),
      () => new net.Socket().connect(join(folder, 'socket')),
    ]) {
      const socket = await connected(t, connect())
      t.is(readback(rawDescriptor(socket)).enabled, 0)
      t.is(socket.listenerCount('connect'), 0)
      socket.destroy()
    }
  },
)

test('invalid arguments are an error, and nothing is installed', async (t) => {
  t.throws(() => installKeepAlive(false as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => installKeepAlive({ time: 60 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => installKeepAlive(ASKED, { match: '::1' }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => installKeepAlive(ASKED, { match: [] }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => installKeepAlive(ASKED, { port: 5432 } as never), {
    code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION',
  })
  for (const scope of [5432, '*:5432', ['*:5432'], () => true, null]) {
    const message = /"scope" argument must be an object: give { match: \['\*:5432'\] }\. Received/
    t.throws(() => installKeepAlive(ASKED, scope as never), { code: 'ERR_INVALID_ARG_TYPE', message })
  }
  t.throws(() => net.connect({} as never), { code: 'ERR_MISSING_ARGS' })
})
