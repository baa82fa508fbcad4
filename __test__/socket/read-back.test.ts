import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { getKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import {
  connectedPair,
  inItsUnit,
  rawDescriptor,
  readback,
  type Pair,
  UNTOUCHED,
} from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const HELD = { enabled: 1, time: 16, interval: 2, retries: 5, userTimeout: inItsUnit(25_500) }

async function pair(t: ExecutionContext, ...where: Parameters<typeof connectedPair>): Promise<Pair> {
  const sockets = await connectedPair(...where)
  t.teardown(sockets.close)
  return sockets
}

/** Sets values. Another process reads them before and after. */
function setsOn(t: ExecutionContext, target: net.Socket | net.Server, before = UNTOUCHED): void {
  t.deepEqual(readback(target), before)
  setKeepAlive(target, ASKED)
  t.deepEqual(readback(target), HELD)
  t.deepEqual(getKeepAlive(target), { enabled: true, ...ASKED })
}

test('a plain client socket', async (t) => {
  setsOn(t, (await pair(t)).client)
})

test('an accepted socket', async (t) => {
  setsOn(t, (await pair(t)).accepted)
})

test('a raw descriptor', async (t) => {
  const { client } = await pair(t)
  t.deepEqual(readback(client), UNTOUCHED)
  setKeepAlive(rawDescriptor(client), ASKED)
  t.deepEqual(readback(client), HELD)
  t.deepEqual(getKeepAlive(rawDescriptor(client)), { enabled: true, ...ASKED })
})

test('an IPv6 socket', async (t) => {
  const { client, accepted } = await pair(t, '::1')
  t.is(client.remoteFamily, 'IPv6')
  setsOn(t, client)
  setsOn(t, accepted)
})

test('a v4-mapped socket', async (t) => {
  const { client, accepted } = await pair(t, '::', '::ffff:127.0.0.1')
  t.is(accepted.remoteAddress, '::ffff:127.0.0.1')
  setsOn(t, client)
  setsOn(t, accepted)
})

test('a listening server, whose accepted sockets inherit the values', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  setsOn(t, server)
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  t.teardown(() => client.destroy())
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  t.teardown(() => accepted.destroy())
  t.deepEqual(readback(accepted), HELD)
  t.deepEqual(readback(client), UNTOUCHED)
})

test('a server that does not listen yet gets its values when it does', async (t) => {
  const server = net.createServer()
  t.throws(() => getKeepAlive(server), { code: 'ERR_TCP_KEEPALIVE_NOT_LISTENING' })
  setKeepAlive(server, ASKED)
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.deepEqual(readback(server), HELD)
})

test('both ends of TLS', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
  t.teardown(() => client.destroy())
  const [accepted] = (await once(server, 'secureConnection')) as [tls.TLSSocket]
  t.teardown(() => accepted.destroy())
  setsOn(t, client)
  setsOn(t, accepted)
})

test('a connection upgraded to TLS, through either of its two objects', async (t) => {
  const { client, accepted } = await pair(t)
  const secureServer = new tls.TLSSocket(accepted, { isServer: true, ...certificate })
  const secure = tls.connect({ socket: client, ca: certificate.cert, servername: 'localhost' })
  secureServer.on('error', () => {})
  await once(secure, 'secureConnect')
  setsOn(t, secure)
  setsOn(t, secureServer)
  setKeepAlive(client, { time: 9000 })
  t.is(readback(secure).time, 9)
})

test('TLS around a socket that connects later', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const client = new net.Socket()
  const secure = tls.connect({ socket: client, ca: certificate.cert, servername: 'localhost' })
  t.teardown(() => secure.destroy())
  t.throws(() => getKeepAlive(secure), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  client.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await once(secure, 'secureConnect')
  t.deepEqual(readback(client), UNTOUCHED)
  setKeepAlive(secure, ASKED)
  t.deepEqual(readback(client), HELD)
  t.deepEqual(getKeepAlive(secure), { enabled: true, ...ASKED })
})

test('a socket in a worker thread', async (t) => {
  const { port } = await pair(t)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { setKeepAlive, getKeepAlive } = require('tcp-keepalive')
    const socket = require('node:net').connect(workerData.port, '127.0.0.1', () => {
      const before = getKeepAlive(socket)
      setKeepAlive(socket, workerData.asked)
      parentPort.postMessage({ before, fd: socket._handle.fd })
    })
    parentPort.once('message', () => socket.destroy())`
  const worker = new Worker(source, { eval: true, workerData: { port, asked: ASKED } })
  const [{ before, fd }] = (await once(worker, 'message')) as [{ before: unknown; fd: number }]
  const { time, interval, retries } = UNTOUCHED
  const untouched = { enabled: false, time: time * 1000, interval: interval * 1000, retries, userTimeout: 0 }
  t.deepEqual(before, untouched)
  t.deepEqual(readback(fd), HELD)
  worker.postMessage('done')
  await once(worker, 'exit')
})

test("a fresh socket gets its values at 'connect', before the program's listeners", async (t) => {
  const { port } = await pair(t)
  const socket = new net.Socket()
  t.teardown(() => socket.destroy())
  socket.once('connect', () => t.deepEqual(readback(socket), { ...HELD, retries: 7 }))
  t.throws(() => getKeepAlive(socket), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  setKeepAlive(socket, ASKED)
  setKeepAlive(socket, { retries: 7 })
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), { ...HELD, retries: 7 })
})

test("a connecting socket gets its values after Node's own", async (t) => {
  const { port } = await pair(t)
  const socket = net.connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 4000 })
  t.teardown(() => socket.destroy())
  t.true(socket.connecting)
  setKeepAlive(socket, ASKED)
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test("a socket that already has a descriptor still gets its values at 'connect'", async (t) => {
  const { port } = await pair(t)
  const socket = net.connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 4000 })
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve) => process.nextTick(resolve))
  t.true(socket.connecting)
  t.true(rawDescriptor(socket) >= 0)
  setKeepAlive(socket, ASKED)
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test('waiting values survive removeAllListeners() if they are set again', async (t) => {
  const { port } = await pair(t)
  const socket = new net.Socket()
  t.teardown(() => socket.destroy())
  setKeepAlive(socket, { time: 5000 })
  socket.removeAllListeners()
  setKeepAlive(socket, ASKED)
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.deepEqual(readback(socket), HELD)
})

test('the same object connected again starts without values, and can be set again', async (t) => {
  const { port } = await pair(t)
  const socket = new net.Socket()
  t.teardown(() => socket.destroy())
  const reconnect = async (): Promise<void> => {
    if (!socket.pending) {
      socket.destroy()
      await once(socket, 'close')
    }
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
  }
  setKeepAlive(socket, ASKED)
  await reconnect()
  t.deepEqual(readback(socket), HELD)
  await reconnect()
  t.is(readback(socket).time, UNTOUCHED.time)
  setKeepAlive(socket, { ...ASKED, retries: 7 })
  t.deepEqual(readback(socket), { ...HELD, retries: 7 })
})

test('the socket of an HTTP/2 session, which refuses its own setKeepAlive', async (t) => {
  const server = http2.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
  t.teardown(() => session.destroy())
  await once(session, 'connect')
  setKeepAlive(session.socket, ASKED)
  t.deepEqual(getKeepAlive(session.socket), { enabled: true, ...ASKED })
})

test("a cluster worker's listener, which the primary holds, has no descriptor here", (t) => {
  const program = `
    const cluster = require('node:cluster')
    if (cluster.isPrimary) cluster.fork().on('message', (code) => { console.log(code); process.exit() })
    else {
      const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
        try { require('tcp-keepalive').setKeepAlive(server, 1000) } catch ({ code }) { process.send(code) }
      })
    }`
  const folder = mkdtempSync(fileURLToPath(new URL('cluster-', import.meta.url))) // where tcp-keepalive resolves
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(`${folder}/program.cjs`, program)
  const printed = execFileSync(process.execPath, [`${folder}/program.cjs`], { encoding: 'utf8' })
  t.is(printed, 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR\n')
})

test('a connecting TLS socket gets its values when it connects', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
  t.teardown(() => client.destroy())
  setKeepAlive(client, ASKED)
  await once(client, 'secureConnect')
  t.deepEqual(readback(client), HELD)
})

test('a field that is left out keeps its value', async (t) => {
  const { client } = await pair(t)
  setKeepAlive(client, ASKED)
  setKeepAlive(client, { time: 9000 })
  t.deepEqual(readback(client), { ...HELD, time: 9 })
  setKeepAlive(client, { userTimeout: 0 })
  t.deepEqual(readback(client), { ...HELD, time: 9, userTimeout: 0 })
  setKeepAlive(client, { interval: undefined, retries: 127 })
  t.deepEqual(readback(client), { ...HELD, time: 9, userTimeout: 0, retries: 127 })
})

test('false turns keepalive off and keeps the values', async (t) => {
  const { client } = await pair(t)
  setKeepAlive(client, ASKED)
  setKeepAlive(client, false)
  t.deepEqual(readback(client), { ...HELD, enabled: 0 })
  setKeepAlive(client, {})
  t.deepEqual(readback(client), HELD)
})

test("Node's own calls still work as documented afterwards", async (t) => {
  const { client, accepted } = await pair(t)
  for (const socket of [client, accepted]) {
    setKeepAlive(socket, ASKED)
    socket.setKeepAlive(false)
    t.deepEqual(readback(socket), { ...HELD, enabled: 0 })
    socket.setKeepAlive(true)
    t.is(readback(socket).enabled, 1)
    setKeepAlive(socket, false)
    socket.setKeepAlive(true)
    t.is(readback(socket).enabled, 1)
  }
})

test('values that were read can be set unchanged', async (t) => {
  const one = await pair(t)
  const other = await pair(t)
  setKeepAlive(one.client, ASKED)
  setKeepAlive(other.client, getKeepAlive(one.client))
  t.deepEqual(readback(other.client), HELD)
  setKeepAlive(one.client, false)
  setKeepAlive(other.client, getKeepAlive(one.client))
  t.deepEqual(readback(other.client), { ...HELD, enabled: 0 })
})

test('TLS over a stream that is not a socket has no descriptor', (t) => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const secure = tls.connect({ socket: stream })
  secure.on('error', () => {})
  t.teardown(() => secure.destroy())
  t.throws(() => setKeepAlive(secure, ASKED), { code: 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR' })
  t.throws(() => getKeepAlive(secure), { code: 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR' })
})
