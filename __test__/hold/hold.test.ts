import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import test from 'ava'
import { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { ASKED, byNode, connected, HELD, listening, OTHER, OTHER_HELD, tracked } from './sockets.ts'

test('a connected socket gets the values at once, and keeps them whatever a driver sets', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.deepEqual(readback(socket), UNTOUCHED)
  holdKeepAlive(socket, ASKED)
  t.deepEqual(readback(socket), HELD)
  for (const args of [[true, 5000], [true, 9000], [true], [false], [true, 1000], [false], []] as [
    boolean?,
    number?,
  ][]) {
    t.is(socket.setKeepAlive(...args), socket)
    t.deepEqual(readback(socket), HELD, JSON.stringify(args))
  }
})

test("a fresh socket gets them at 'connect', before the program's listeners, and after a driver's earlier values", async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  holdKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 5000)
  socket.connect(port, '127.0.0.1')
  socket.setKeepAlive(true, 6000)
  let seen: unknown
  socket.once('connect', () => (seen = readback(socket)))
  await once(socket, 'connect')
  t.deepEqual(seen, HELD)
  socket.setKeepAlive(false)
  t.deepEqual(readback(socket), HELD)
})

test("a connecting socket has them at 'connect' too", async (t) => {
  const { port } = await listening(t)
  const socket = net.connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 4000 })
  holdKeepAlive(socket, ASKED)
  await connected(t, socket)
  t.deepEqual(readback(socket), HELD)
})

test('the same object gets them again each time that it connects', async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  holdKeepAlive(socket, ASKED)
  for (let time = 0; time < 3; time++) {
    socket.connect(port, '127.0.0.1')
    socket.setKeepAlive(true, 5000 + time * 1000)
    await once(socket, 'connect')
    t.deepEqual(readback(socket), HELD)
    socket.setKeepAlive(true, 20_000)
    t.deepEqual(readback(socket), HELD)
    socket.destroy()
    await once(socket, 'close')
    t.is(socket.listenerCount('connect'), 0)
  }
})

test('a program that removes all listeners does not remove the hold', async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  holdKeepAlive(socket, ASKED)
  socket.removeAllListeners()
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test('happy eyeballs: the connected address gets them after another address refused', async (t) => {
  const { port } = await listening(t)
  const socket = net.connect({
    port,
    host: 'two.test',
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 500,
    lookup: (_host, _options, done) => {
      const both = [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]
      done(null, both)
    },
  } as net.TcpNetConnectOpts)
  holdKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 5000)
  await connected(t, socket)
  t.is(socket.remoteAddress, '127.0.0.1')
  if (process.version >= 'v20') t.deepEqual(socket.autoSelectFamilyAttemptedAddresses?.length, 2)
  t.deepEqual(readback(socket), HELD)
})

test("TLS around a held socket: a driver's call on the TLS socket does not change the values", async (t) => {
  const { port } = await listening(t, tls.createServer(certificate))
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, ASKED)
  const secure = tracked(t, tls.connect({ socket, ca: certificate.cert, servername: 'localhost' }))
  secure.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), HELD)
  await once(secure, 'secureConnect')
  secure.setKeepAlive(true, 6000)
  t.is(secure.setKeepAlive(false), secure)
  t.deepEqual(readback(socket), HELD)
})

test('TLS around a held socket that is still connecting', async (t) => {
  const { port } = await listening(t, tls.createServer(certificate))
  const socket = tracked(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, ASKED)
  const secure = tracked(t, tls.connect({ socket, ca: certificate.cert, servername: 'localhost' }))
  secure.setKeepAlive(true, 5000)
  await once(secure, 'secureConnect')
  t.deepEqual(readback(socket), HELD)
})

test('a hold on the TLS socket holds the underlying connection, whichever object is called', async (t) => {
  const { port } = await listening(t, tls.createServer(certificate))
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const secure = tracked(t, tls.connect({ socket, ca: certificate.cert, servername: 'localhost' }))
  const hold = holdKeepAlive(secure, ASKED)
  socket.setKeepAlive(true, 5000)
  secure.setKeepAlive(true, 6000)
  t.deepEqual(readback(socket), HELD)
  hold.release()
  socket.setKeepAlive(true, 7000)
  t.is(readback(socket).time, 7)
})

test('a TLS socket that connects itself gets them too', async (t) => {
  const { port } = await listening(t, tls.createServer(certificate))
  const own = { keepAlive: true, keepAliveInitialDelay: 3000 }
  const options = { ...own, port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' }
  const secure = tracked(t, tls.connect(options))
  holdKeepAlive(secure, ASKED)
  await once(secure, 'secureConnect')
  t.deepEqual(readback(secure), HELD)
  secure.setKeepAlive(true, 6000)
  t.deepEqual(readback(secure), HELD)
})

test("an http.Agent's call at each reuse does not change the values", async (t) => {
  const { port } = await listening(
    t,
    http.createServer((_request, response) => response.end('.')),
  )
  const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 3000 })
  t.teardown(() => agent.destroy())
  agent.on('free', (socket: net.Socket) => socket.setKeepAlive(true, 9000)) // as some drivers do
  let held: net.Socket | undefined
  for (let reuse = 0; reuse < 3; reuse++) {
    const sent = http.get({ agent, port, host: '127.0.0.1' })
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage]
    const { socket } = response
    const free = once(socket, 'free')
    response.resume()
    await free
    if (held) t.is(socket, held)
    else holdKeepAlive((held = socket), ASKED)
    t.deepEqual(readback(socket), HELD)
  }
})

for (const scheme of ['http', 'https']) {
  test(`session.socket of ${scheme}2, a proxy, can be used for the socket behind it`, async (t) => {
    const server = scheme === 'http' ? http2.createServer() : http2.createSecureServer(certificate)
    const { port } = await listening(t, server)
    const to = {
      port,
      host: '127.0.0.1',
      ca: certificate.cert,
      servername: 'localhost',
      ALPNProtocols: ['h2'],
    }
    const socket = tracked(t, scheme === 'http' ? net.connect(to) : tls.connect(to))
    const session = http2.connect(`${scheme}://localhost:${port}`, { createConnection: () => socket })
    t.teardown(() => session.destroy())
    await once(session, 'connect')
    const hold = holdKeepAlive(session.socket, { time: 11_000 })
    t.is(readback(socket).time, 11)
    socket.setKeepAlive(true, 3000)
    t.is(readback(socket).time, 11)
    setKeepAlive(session.socket, { time: 12_000 })
    socket.setKeepAlive(true, 3000)
    t.is(readback(socket).time, 12)
    hold.release()
    socket.setKeepAlive(true, 4000)
    t.is(readback(socket).time, 4)
    holdKeepAlive(session.socket, { time: 11_000 })
    setKeepAlive(session.socket, false)
    socket.setKeepAlive(true, 3000)
    t.is(readback(socket).time, 3)
  })
}

test('an accepted socket can be held', async (t) => {
  const { port, server } = await listening(t)
  const came = once(server, 'connection')
  tracked(t, net.connect(port, '127.0.0.1'))
  const [accepted] = (await came) as [net.Socket]
  holdKeepAlive(accepted, ASKED)
  accepted.setKeepAlive(true, 5000)
  t.deepEqual(readback(accepted), HELD)
})

test('release: the kernel keeps the values, ignored calls are not repeated, and later calls take effect', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const hold = holdKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 5000)
  socket.setKeepAlive(false)
  hold.release()
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(true, 6000)
  t.deepEqual(readback(socket), { ...byNode(6), userTimeout: 25_500 })
  socket.setKeepAlive(false)
  t.is(readback(socket).enabled, 0)
  hold.release() // a second release does nothing
  socket.setKeepAlive(true, 7000)
  t.is(readback(socket).time, 7)
})

test("right after release, Node's own false turns keepalive off", async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const hold = holdKeepAlive(socket, ASKED)
  hold.release()
  socket.setKeepAlive(false)
  t.deepEqual(readback(socket), { ...HELD, enabled: 0 })
})

test("a socket that is released before it connected only has the driver's values", async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  const hold = holdKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 5000)
  socket.connect(port, '127.0.0.1')
  hold.release()
  await once(socket, 'connect')
  t.deepEqual(readback(socket), byNode(5))
})

const NAMES = ['connect', 'connectionAttempt', 'lookup', 'close']
const listeners = (socket: net.Socket): number[] => NAMES.map((name) => socket.listenerCount(name))

for (const isConnecting of [false, true]) {
  const when = isConnecting ? 'while it connects' : 'before it connects'
  test(`a socket released ${when} has no listener of ours any more`, async (t) => {
    const { port } = await listening(t)
    const around = holdKeepAlive(new net.Socket(), ASKED) // keeps the methods wrapped
    t.teardown(() => around.release())
    const socket = tracked(t, new net.Socket())
    if (isConnecting) socket.connect(port, 'localhost')
    const before = listeners(socket)
    const ends = [
      () => holdKeepAlive(socket, ASKED).release(),
      () => {
        const [older, newer] = [holdKeepAlive(socket, ASKED), holdKeepAlive(socket, ASKED)]
        older.release()
        t.notDeepEqual(listeners(socket), before)
        newer.release()
      },
    ]
    for (const end of ends) {
      end()
      t.deepEqual(listeners(socket), before)
    }
    if (!isConnecting) socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    t.is(readback(socket).enabled, 0)
  })
}

test('a hold that is released while an install may still match keeps what the install needs', async (t) => {
  const { port } = await listening(t)
  const install = installKeepAlive(ASKED, { match: ({ port: to }) => to === port })
  t.teardown(() => install.uninstall())
  const socket = tracked(t, net.connect(port, 'localhost'))
  const before = listeners(socket)
  holdKeepAlive(socket, ASKED).release()
  t.deepEqual(listeners(socket), before)
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test('Symbol.dispose releases a hold', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, ASKED)[Symbol.dispose]()
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).time, 5)
})

test("of nested holds the newest applies; after its release, the next one's values are set again", async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const first = holdKeepAlive(socket, ASKED)
  const second = holdKeepAlive(socket, OTHER)
  const third = holdKeepAlive(socket, { time: 9000 })
  t.deepEqual(readback(socket), { ...OTHER_HELD, time: 9 })
  second.release() // the one in the middle
  t.deepEqual(readback(socket), { ...OTHER_HELD, time: 9 })
  third.release()
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), HELD)
  first.release()
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { ...byNode(5), userTimeout: 25_500 })
})

test("a field that is left out is not held: the driver's value takes effect", async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, { interval: 7000, userTimeout: 30_000 })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { enabled: 1, time: 5, interval: 7, retries: 10, userTimeout: 30_000 })
  socket.setKeepAlive(false)
  t.is(readback(socket).enabled, 1)
  socket.setKeepAlive(true, 8000)
  t.deepEqual(readback(socket), { enabled: 1, time: 8, interval: 7, retries: 10, userTimeout: 30_000 })
})

test('retries that are left out are set by the driver, and the rest is held', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, { time: 11_000, interval: 3000 })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { ...byNode(11), interval: 3 })
})

test('one listener waits for the connection, however often connect() and hold are called', async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  holdKeepAlive(socket, OTHER)
  holdKeepAlive(socket, ASKED)
  for (let time = 0; time < 3; time++) {
    socket.connect(port, '127.0.0.1')
    t.is(socket.listenerCount('connect'), 1)
    socket.destroy()
    await once(socket, 'close')
  }
})

test('keepalive can be held off', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const hold = holdKeepAlive(socket, { enabled: false })
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).enabled, 0)
  hold.release()
  socket.setKeepAlive(true, 6000)
  t.deepEqual(readback(socket), byNode(6))
})

test("the package's own setKeepAlive permanently changes the held values", async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  holdKeepAlive(socket, ASKED)
  setKeepAlive(socket, { retries: 7 }) // before it is connected
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), { ...HELD, retries: 7 })
  setKeepAlive(socket, { time: 9000 })
  t.deepEqual(readback(socket), { ...HELD, retries: 7, time: 9 })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), { ...HELD, retries: 7, time: 9 })
  socket.destroy()
  await once(socket, 'close')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), { ...HELD, retries: 7, time: 9 })
})

test('values that were set before and wait for the connection do not override a later hold', async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, new net.Socket())
  setKeepAlive(socket, { ...OTHER, retries: 9 })
  holdKeepAlive(socket, { time: 16_000 })
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), { ...OTHER_HELD, retries: 9, time: 16 })
  t.is(socket.listenerCount('connect'), 0)
})

test("the package's own false turns keepalive off, and ends every hold", async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const holds = [holdKeepAlive(socket, ASKED), holdKeepAlive(socket, OTHER)]
  setKeepAlive(socket, false)
  t.is(readback(socket).enabled, 0)
  socket.setKeepAlive(true, 5000)
  t.is(readback(socket).time, 5)
  for (const hold of holds) hold.release() // there is no hold left to end
  t.is(readback(socket).time, 5)
})

test('a hold with one number holds the same values as a set with it', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  holdKeepAlive(socket, 30_000)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(getKeepAlive(socket), {
    enabled: true,
    time: 30_000,
    interval: 10_000,
    retries: 3,
    userTimeout: 0,
  })
})

// Serial, so that no other test holds anything at the same time.
test.serial('false ends every hold on a socket, and the methods are restored', async (t) => {
  const methods = (): unknown[] =>
    ['connect', 'setKeepAlive', '_destroy'].map((name) => Reflect.get(net.Socket.prototype, name) as unknown)
  const before = methods()
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const holds = [holdKeepAlive(socket, ASKED), holdKeepAlive(socket, OTHER), holdKeepAlive(socket, ASKED)]
  t.notDeepEqual(methods(), before)
  setKeepAlive(socket, false)
  t.deepEqual(methods(), before)
  const another = holdKeepAlive(socket, OTHER)
  for (const hold of holds) hold.release()
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), OTHER_HELD)
  another.release()
  t.deepEqual(methods(), before)
})

test('an invalid target or value is an error, and nothing is changed', async (t) => {
  const { port } = await listening(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.throws(() => holdKeepAlive(socket, false as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => holdKeepAlive(socket, true as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => holdKeepAlive(socket, { time: 60 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => holdKeepAlive(3 as never, ASKED), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => holdKeepAlive({} as never, ASKED), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /must be a net\.Socket, a tls\.TLSSocket or a net\.Server\. Received/,
  })
  t.throws(() => holdKeepAlive({ connect() {}, query() {} } as never, ASKED), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /or a net\.Server \(give the client's socket, as client\.connection\.stream of pg\)\./,
  })
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), byNode(5))
  socket.destroy()
  t.throws(() => holdKeepAlive(socket, ASKED), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
})

const ENDINGS: ReadonlyArray<readonly [string, (socket: net.Socket, end: () => void) => void]> = [
  ['released', (_, end) => end()],
  ["ended by this package's own false", (socket) => setKeepAlive(socket, false)],
]
for (const [how, end] of ENDINGS) {
  test(`a hold ${how} during a limited attempt leaves no user timeout that is never lifted`, async (t) => {
    const { port } = await listening(t)
    const socket = tracked(t, net.connect(port, '127.0.0.1'))
    const hold = holdKeepAlive(socket, { detectWithin: 30_000 })
    await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)))
    t.true(socket.connecting)
    end(socket, () => hold.release())
    await once(socket, 'connect')
    t.deepEqual(readback(socket), UNTOUCHED)
  })
}

test('a waiting set still limits the attempt after a hold is released', async (t) => {
  const { port } = await listening(t)
  const socket = tracked(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, { detectWithin: 60_000 })
  const hold = holdKeepAlive(socket, { detectWithin: 30_000 })
  await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)))
  hold.release()
  await once(socket, 'connect')
  t.is(readback(socket).userTimeout, 52_500)
})
