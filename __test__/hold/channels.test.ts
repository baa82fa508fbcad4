import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import {
  holdKeepAlive,
  installKeepAlive,
  type KeepAliveApplied,
  type KeepAliveFailure,
  type KeepAliveLost,
  setKeepAlive,
} from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { ASKED, byNode, connected, listening, tracked } from './sockets.ts'

/** Collects the messages of a channel during the test. */
function published<M>(t: ExecutionContext, channel: string): M[] {
  const messages: M[] = []
  const listener = (message: unknown): void => void messages.push(message as M)
  subscribe(`tcp-keepalive:${channel}`, listener)
  t.teardown(() => unsubscribe(`tcp-keepalive:${channel}`, listener))
  return messages
}

const lost = (t: ExecutionContext): KeepAliveLost[] => published(t, 'lost')

/** Resolves when it is closed, with or without an error. */
async function closed(socket: net.Socket): Promise<void> {
  await new Promise((resolve) => {
    socket.once('close', resolve)
  })
}

/** Resets the connection from the server's side, like a restarted peer. */
function reset(accepted: net.Socket): void {
  accepted.resetAndDestroy()
}

test.serial('apply: published each time that values are set, with the values and who set them', async (t) => {
  const messages = published<KeepAliveApplied>(t, 'apply')
  const { port, server } = await listening(t)
  const install = installKeepAlive({ time: 9000 }, { match: port })
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  socket.setKeepAlive(true, 5000)
  install.uninstall()
  const hold = holdKeepAlive(socket, ASKED)
  socket.setKeepAlive(true, 6000) // a driver's call that is ignored, so no values are set
  hold.release()
  const settings = { enabled: true, ...ASKED }
  const partly = {
    enabled: true,
    time: 9000,
    interval: undefined,
    retries: undefined,
    userTimeout: undefined,
  }
  const expected: Plain[] = [
    { socket, settings: partly, by: 'install' },
    { socket, settings: partly, by: 'install' },
    { socket, settings, by: 'hold' },
  ]
  t.deepEqual(messages.splice(0).map(plain), expected.map(plain))

  const serverHold = holdKeepAlive(server, ASKED)
  const came = once(server, 'connection')
  await connected(t, net.connect(port, '127.0.0.1'))
  const [accepted] = (await came) as [net.Socket]
  t.deepEqual(messages.map(plain), [plain({ socket: accepted, settings, by: 'hold' })])
  t.is(messages[0]?.socket, accepted)
  serverHold.release()
})

type Plain = Pick<KeepAliveApplied, 'socket' | 'settings' | 'by'>

/** A socket is represented by its port here, because comparing sockets field by field would take long. */
function plain({ socket, settings, by }: Plain): unknown {
  return { port: [socket.localPort, socket.remotePort], settings, by }
}

test.serial(
  "apply: not published for a driver's call after the program's own set, which has already set the values",
  async (t) => {
    const { port } = await listening(t)
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    const hold = holdKeepAlive(socket, ASKED)
    const messages = published<KeepAliveApplied>(t, 'apply')
    setKeepAlive(socket, { retries: 7 })
    socket.setKeepAlive(true, 5000)
    t.deepEqual(messages, [])
    t.is(readback(socket).retries, 7)
    hold.release()
  },
)

test.serial('lost: published for a reset, with the error and without a listener of ours', async (t) => {
  const messages = lost(t)
  const { port, server } = await listening(t)
  const came = once(server, 'connection')
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const before = socket.eventNames().map((name) => [name, socket.listenerCount(name)])
  holdKeepAlive(socket, ASKED)
  t.deepEqual(
    socket.eventNames().map((name) => [name, socket.listenerCount(name)]),
    before,
  )
  const [accepted] = (await came) as [net.Socket]
  reset(accepted)
  const [error] = (await once(socket, 'error')) as [Error]
  t.is(messages.length, 1)
  t.is(messages[0]?.socket, socket)
  t.is(messages[0]?.error, error)
  t.is(messages[0]?.outcome, 'reset')
  const silentFor = messages[0]?.silentFor ?? Number.NaN
  t.true(silentFor >= 0 && silentFor < 60_000, `${silentFor} ms`)
})

test.serial(
  'lost: published with TLS around the socket, where only the TLS socket gets the error',
  async (t) => {
    const messages = lost(t)
    const secureServer = await listening(
      t,
      tls.createServer(certificate, (socket) => socket.on('error', () => {}).pipe(socket)),
    )
    // Between the two ends, because a TLS socket that a server accepted cannot be reset.
    const { port, server } = await listening(
      t,
      net.createServer((socket) => {
        const onward = tracked(t, net.connect(secureServer.port, '127.0.0.1'))
        socket.pipe(onward).pipe(socket)
      }),
    )
    const install = installKeepAlive(ASKED, { match: port })
    const came = once(server, 'connection')
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    const secure = tracked(t, tls.connect({ socket, ca: certificate.cert, servername: 'localhost' }))
    const [accepted] = (await came) as [net.Socket]
    await once(secure, 'secureConnect')
    // Node does not report a reset that arrives with the end of the handshake.
    secure.write('.')
    await once(secure, 'data')
    reset(accepted)
    const [error] = (await once(secure, 'error')) as [Error]
    await once(socket, 'close')
    t.deepEqual(
      messages.map(({ outcome }) => outcome),
      ['reset'],
    )
    t.is(messages[0]?.socket, socket)
    t.is(messages[0]?.error, error)
    install.uninstall()
  },
)

test.serial('lost: not published for a normal end, and not for sockets that are not held', async (t) => {
  const messages = lost(t)
  const { port, server } = await listening(t)
  const open = async (): Promise<[net.Socket, net.Socket]> => {
    const came = once(server, 'connection')
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    return [socket, ((await came) as [net.Socket])[0]]
  }
  const [unheld, first] = await open()
  reset(first)
  await closed(unheld)

  const [released, second] = await open()
  holdKeepAlive(released, ASKED).release()
  reset(second)
  await closed(released)

  const [ended, third] = await open()
  holdKeepAlive(ended, ASKED)
  third.end()
  ended.resume()
  await closed(ended)

  const [destroyed] = await open()
  holdKeepAlive(destroyed, ASKED)
  destroyed.destroy(Object.assign(new Error('timed out, says the program'), { code: 'ETIMEDOUT' }))
  await closed(destroyed)

  const refused = tracked(t, new net.Socket())
  holdKeepAlive(refused, ASKED)
  refused.connect(1, '127.0.0.1')
  await closed(refused)
  t.deepEqual(messages, [])
})

test.serial('error: a match function that throws is reported, and counts as no match', async (t) => {
  const failures = published<KeepAliveFailure>(t, 'error')
  const { port } = await listening(t)
  const error = new Error('match failed')
  const older = installKeepAlive(ASKED, { match: (peer) => peer.port === port && peer.host === 'localhost' })
  const install = installKeepAlive(
    { time: 9000 },
    {
      match: () => {
        throw error
      },
    },
  )
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), byNode(5))
  t.is((await connected(t, net.connect({ port, host: 'localhost', family: 4 }))).connecting, false)
  t.deepEqual(
    failures.map((failure) => failure.error),
    [error, error],
  )
  t.is(failures[0]?.target, socket)
  install.uninstall()
  older.uninstall()
})

test('error: a match function may throw a value that cannot be inspected, and nothing is thrown', async (t) => {
  // In a process of its own, because the warning about this is emitted once.
  const program = `
    const net = require('node:net')
    const { installKeepAlive } = require('tcp-keepalive')
    const unspeakable = Object.defineProperty(new Error(), 'message', { get() { throw Object.create(null) } })
    process.on('warning', ({ code, message }) => console.log(code, message))
    installKeepAlive({ time: 16000 }, { match() { throw unspeakable } })
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        console.log('connected')
        socket.destroy()
        server.close()
      })
    })`
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd })
  t.regex(stdout, /^connected\nTCP_KEEPALIVE_NOT_SET .* unprotected: what was thrown cannot be shown\n$/)
})

test.serial('error: an async match function is reported, and matches nothing', async (t) => {
  const failures = published<KeepAliveFailure>(t, 'error')
  const { port } = await listening(t)
  const match = (async () => true) as unknown as () => boolean
  const install = installKeepAlive(ASKED, { match })
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.deepEqual(readback(socket), UNTOUCHED)
  t.deepEqual(
    failures.map(({ target, error }) => [target, (error as NodeJS.ErrnoException).code]),
    [[socket, 'ERR_INVALID_RETURN_VALUE']],
  )
  install.uninstall()
})

test.serial('error: not published for a Unix-domain socket, which an install ignores', async (t) => {
  const failures = published<KeepAliveFailure>(t, 'error')
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const install = installKeepAlive(ASKED)
  for (const socket of [net.connect(path), net.connect({ path }), new net.Socket().connect({ path })]) {
    await connected(t, socket)
    socket.setKeepAlive(true, 5000)
  }
  install.uninstall()
  t.deepEqual(failures, [])
})

test.serial(
  "a refusal of the kernel throws nothing: it is reported, there is one warning, and the driver's call is passed on",
  async (t) => {
    // This test has no seccomp filter, so a binding that always refuses replaces the kernel.
    const program = `
    const net = require('node:net')
    const binding = require('tcp-keepalive/native')
    const { holdKeepAlive, installKeepAlive } = require('tcp-keepalive')
    const failures = []
    require('node:diagnostics_channel').subscribe('tcp-keepalive:error', ({ error }) => failures.push(error.code))
    process.on('warning', ({ code }) => console.log('warning', code))
    require.cache[require.resolve('tcp-keepalive/native')].exports.setKeepAlive = () => 3 * 65536 + 1
    installKeepAlive({ time: 16000, interval: 2000, retries: 5 })
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', () => {
      holdKeepAlive(server.on('connection', (socket) => socket.setKeepAlive(true, 5000)), { time: 9000 })
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        console.log(socket.setKeepAlive(true, 5000) === socket)
        const check = () => {
          if (failures.length <= 2) return setTimeout(check, 20)
          console.log(failures.every((code) => code === 'EPERM'))
          socket.destroy()
          server.close()
        }
        check()
      })
    })`
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd })
    t.is(stdout, 'warning TCP_KEEPALIVE_NOT_SET\ntrue\ntrue\n')
  },
)
