import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import test from 'ava'
import { getKeepAlive, holdKeepAlive, type KeepAliveFailure, setKeepAlive, type Target } from 'tcp-keepalive'
import { connectedPair, rawDescriptor, readback, UNTOUCHED } from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }

/** Values that a JavaScript program may pass, whatever the types say. */
const set = (target: unknown): void => setKeepAlive(target as Target, ASKED)
const get = (target: unknown): unknown => getKeepAlive(target as Target)

for (const target of [null, undefined, '3', 3n, true, {}, { fd: 3 }, [], () => 3, Symbol('3')]) {
  test(`${inspect(target)} is not a target`, (t) => {
    t.throws(() => set(target), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' })
    t.throws(() => get(target), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' })
  })
}

for (const target of [-1, -(2 ** 31), 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
  test(`${target} is not a descriptor`, (t) => {
    t.throws(() => set(target), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' })
    t.throws(() => get(target), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' })
  })
}

test('numbers around the largest descriptor are not open', (t) => {
  for (const target of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
    t.throws(() => set(target), { code: 'EBADF' })
  }
})

test('a closed descriptor is EBADF', (t) => {
  const fd = openSync('/dev/null', 'r')
  closeSync(fd)
  const expected = { code: 'EBADF', message: /getsockopt SO_PROTOCOL EBADF: the descriptor is not open/ }
  t.throws(() => set(fd), expected)
  const error = t.throws(() => get(fd), expected)
  t.like(error, { errno: -9, syscall: 'getsockopt', option: 'SO_PROTOCOL' })
})

for (const path of ['/dev/null', '/dev/ptmx', '/proc/self/status', '/tmp']) {
  test(`${path} is ENOTSOCK`, (t) => {
    const fd = openSync(path, 'r') // ptmx: a terminal, made for this
    t.teardown(() => closeSync(fd))
    t.throws(() => set(fd), { code: 'ENOTSOCK' })
    t.throws(() => get(fd), { code: 'ENOTSOCK' })
  })
}

test('a pipe is ENOTSOCK', async (t) => {
  // In a shell, so that standard input is a real pipe and not the socket pair that Node makes.
  const program = `try { require('tcp-keepalive').setKeepAlive(0, { time: 16000 }) } catch (e) { console.log(e.code) }`
  const { stdout } = await promisify(execFile)('sh', ['-c', `true | "$0" -e "$1"`, process.execPath, program])
  t.is(stdout, 'ENOTSOCK\n')
})

test('a UDP socket is refused, and not changed', async (t) => {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.throws(() => set(socket), { code: 'ERR_INVALID_ARG_TYPE' })
  const { fd } = (socket as unknown as Record<symbol, { handle: { fd: number } }>)[
    Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol') ??
      Symbol('none')
  ]?.handle ?? { fd: -1 }
  t.true(fd > 2)
  t.throws(() => set(fd), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
  t.throws(() => get(fd), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
  t.is(readback(fd).enabled, 0)
})

test('a Unix-domain socket and its server are refused, and not changed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const server = net.createServer().listen(join(folder, 'socket'))
  t.teardown(() => server.close())
  await once(server, 'listening')
  const client = net.connect(join(folder, 'socket'))
  t.teardown(() => client.destroy())
  t.throws(() => set(client), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' }) // connecting
  await once(client, 'connect')
  for (const target of [client, server, rawDescriptor(client)]) {
    t.throws(() => set(target), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
    t.throws(() => get(target), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
  }
  t.is(readback(client).enabled, 0)
})

test('a destroyed socket is refused', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  client.destroy()
  t.throws(() => set(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
  t.throws(() => get(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
})

test('an object that is its own parent, or whose handle has no class, is refused without a hang', (t) => {
  const socket = new net.Socket()
  socket.destroy()
  const ring: net.Socket = new Proxy(socket, {
    get: (target, key) => (key === '_parent' ? ring : (Reflect.get(target, key) as unknown)),
  })
  t.throws(() => set(ring), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
  t.throws(() => holdKeepAlive(ring, ASKED), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
  const handle = Object.create(null) as object
  const odd = Object.create(net.Socket.prototype, {
    _handle: { value: handle },
    connecting: { value: false },
  })
  t.throws(() => set(odd), { code: 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR' })
})

test('a stale descriptor number that now belongs to a file is refused', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  const stale = rawDescriptor(client)
  client.destroy()
  await once(client, 'close')
  const opened: number[] = []
  t.teardown(() => opened.forEach((fd) => closeSync(fd)))
  while (!opened.includes(stale)) opened.push(openSync('/dev/null', 'r'))
  t.throws(() => set(stale), { code: 'ENOTSOCK' })
})

test('an unavailable option leaves everything unchanged', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  t.throws(() => setKeepAlive(client, { ...ASKED, retries: 128 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => setKeepAlive(client, Object.assign({ ...ASKED }, { idle: 3 })), {
    code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION',
  })
  t.deepEqual(readback(client), UNTOUCHED)
})

test('a fresh socket that turns out not to be a TCP socket is reported, and nothing is thrown', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const server = net.createServer().listen(join(folder, 'socket'))
  t.teardown(() => server.close())
  await once(server, 'listening')
  const failures: KeepAliveFailure[] = []
  const listener = (message: unknown): void => void failures.push(message as KeepAliveFailure)
  subscribe('tcp-keepalive:error', listener)
  t.teardown(() => unsubscribe('tcp-keepalive:error', listener))
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))

  const sockets = [new net.Socket(), new net.Socket()]
  for (const socket of sockets) {
    t.teardown(() => socket.destroy())
    setKeepAlive(socket, ASKED)
    socket.connect(join(folder, 'socket'))
    await once(socket, 'connect')
  }
  await new Promise(setImmediate) // warnings are emitted in a tick of their own
  t.deepEqual(
    failures.map(({ target }) => target),
    sockets,
  )
  t.like(failures[0]?.error, { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
  t.is(warnings.length, 1)
  t.regex(warnings[0]?.message ?? '', /unprotected: The target is not a TCP socket/)
})
