import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { holdKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { rawDescriptor, readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { ASKED, byNode, connected, HELD, listening, OTHER, OTHER_HELD, tracked } from './sockets.ts'

/** Connects, and returns the server's end. */
async function accept(t: ExecutionContext, server: net.Server): Promise<net.Socket> {
  const came = once(server, 'connection')
  const { port } = server.address() as net.AddressInfo
  await connected(t, net.connect(port, '127.0.0.1'))
  const [socket] = (await came) as [net.Socket]
  return socket
}

const kinds: Readonly<Record<string, (options: net.ServerOpts) => net.Server>> = {
  net: (options) => net.createServer(options),
  tls: (options) => tls.createServer({ ...options, ...certificate }),
  http: (options) => http.createServer({ ...options }),
  https: (options) => https.createServer({ ...options, ...certificate }),
}
for (const [name, create] of Object.entries(kinds)) {
  for (const keepAlive of [false, true]) {
    test(`every connection of a held ${name} server has the values${keepAlive ? ', also with a keepAlive option of its own' : ''}`, async (t) => {
      const server = create(keepAlive ? { keepAlive, keepAliveInitialDelay: 5000 } : {})
      let seen: unknown
      server.on('connection', (socket) => (seen ??= readback(socket)))
      holdKeepAlive(server, ASKED)
      await listening(t, server)
      const sockets = [await accept(t, server), await accept(t, server)]
      t.deepEqual(seen, HELD)
      for (const socket of sockets) {
        t.deepEqual(readback(socket), HELD)
        socket.setKeepAlive(true, 9000)
        socket.setKeepAlive(false)
        t.deepEqual(readback(socket), HELD)
      }
    })
  }
}

if (process.platform === 'linux') {
  test('the solved user timeout is on accepted connections only, because nothing lifts it on a listener', async (t) => {
    const { server } = await listening(t)
    setKeepAlive(server, { userTimeout: 61_000 })
    const hold = holdKeepAlive(server, { detectWithin: 30_000 })
    const accepted = readback(await accept(t, server))
    t.true(accepted.userTimeout > 0 && accepted.userTimeout < 30_000)
    t.deepEqual(readback(rawDescriptor(server)), { ...accepted, userTimeout: 0 })
    hold.release()
    t.is(readback(rawDescriptor(server)).userTimeout, 61_000)
  })
}

test('TLS on an accepted connection: a call on the TLS socket does not change the values', async (t) => {
  const { server, port } = await listening(t, tls.createServer(certificate))
  holdKeepAlive(server, ASKED)
  const came = once(server, 'secureConnection')
  tracked(t, tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' }))
  const [secure] = (await came) as [tls.TLSSocket]
  secure.setKeepAlive(true, 5000)
  t.deepEqual(readback(secure), HELD)
})

test('a server that already listens is held, and its listener gets the values too', async (t) => {
  const { server } = await listening(t)
  const earlier = await accept(t, server)
  holdKeepAlive(server, ASKED)
  t.deepEqual(readback(server), HELD)
  t.deepEqual(readback(await accept(t, server)), HELD)
  t.deepEqual(readback(earlier), UNTOUCHED)
})

test('accepted connections are held with the whole deadline', async (t) => {
  const { server } = await listening(t)
  const hold = holdKeepAlive(server, { detectWithin: 30_000 })
  const userTimeout = process.platform === 'linux' ? HELD.userTimeout : 0
  t.deepEqual(readback(await accept(t, server)), { ...HELD, userTimeout })
  hold.release()
  holdKeepAlive(server, { time: 9000, userTimeout: 7000 })
  t.is(readback(await accept(t, server)).userTimeout, 7000)
})

test('a server that listens again is still held', async (t) => {
  const server = net.createServer()
  const hold = holdKeepAlive(server, ASKED)
  for (let time = 0; time < 2; time++) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.deepEqual(readback(server), HELD)
    const socket = await accept(t, server)
    t.deepEqual(readback(socket), HELD)
    socket.destroy()
    server.close()
    await once(server, 'close')
  }
  hold.release()
  t.deepEqual([server.listenerCount('listening'), server.listenerCount('connection')], [0, 0])
})

test("a server that listens again has a new listener, which does not get the old listener's earlier values", async (t) => {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  setKeepAlive(server, OTHER)
  const hold = holdKeepAlive(server, ASKED)
  t.deepEqual(readback(server), HELD)
  server.close()
  await once(server, 'close')
  await listening(t, server)
  t.deepEqual(readback(server), HELD)
  hold.release()
  t.deepEqual(readback(server), UNTOUCHED)
  t.deepEqual(readback(await accept(t, server)), UNTOUCHED)
})

test("values set before the hold, on a server that does not listen yet, are the listener's values after the hold", async (t) => {
  const server = net.createServer()
  setKeepAlive(server, OTHER)
  const hold = holdKeepAlive(server, ASKED)
  await listening(t, server)
  t.deepEqual(readback(server), HELD)
  t.deepEqual(readback(await accept(t, server)), HELD)
  hold.release()
  t.deepEqual(readback(server), OTHER_HELD)
})

test('after release, accepted connections keep their values without being held, and new ones are as without a hold', async (t) => {
  const { server } = await listening(t)
  const [first, second] = [holdKeepAlive(server, ASKED), holdKeepAlive(server, OTHER)]
  const accepted = await accept(t, server)
  t.deepEqual(readback(accepted), OTHER_HELD)
  second.release()
  t.deepEqual(readback(await accept(t, server)), HELD)
  accepted.setKeepAlive(true, 5000) // the next hold applies to the connections accepted before
  t.deepEqual(readback(accepted), { ...HELD })
  first[Symbol.dispose]()
  first.release()
  t.deepEqual(readback(accepted), HELD)
  t.deepEqual(readback(server), UNTOUCHED)
  t.deepEqual(readback(await accept(t, server)), UNTOUCHED)
  accepted.setKeepAlive(true, 6000)
  t.is(readback(accepted).time, 6)
})

test("after release, connections that both holds cover have the older hold's values at once", async (t) => {
  const { server } = await listening(t)
  const older = holdKeepAlive(server, ASKED)
  const before = await accept(t, server)
  const newer = holdKeepAlive(server, OTHER)
  const both = [await accept(t, server), await accept(t, server)]
  const own = await accept(t, server)
  holdKeepAlive(own, { time: 9000 })
  const ended = await accept(t, server)
  setKeepAlive(ended, false)
  const gone = await accept(t, server)
  gone.destroy()
  newer.release()
  t.deepEqual(both.map(readback), [HELD, HELD])
  t.deepEqual(readback(before), HELD)
  t.is(readback(own).time, 9)
  t.is(readback(ended).enabled, 0)
  older.release()
  t.deepEqual(both.map(readback), [HELD, HELD]) // the kernel keeps the last values
})

test("TLS: after release, an accepted connection has the older hold's values at once", async (t) => {
  const { server, port } = await listening(t, tls.createServer(certificate))
  holdKeepAlive(server, ASKED)
  const newer = holdKeepAlive(server, OTHER)
  const came = once(server, 'secureConnection')
  tracked(t, tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' }))
  const [secure] = (await came) as [tls.TLSSocket]
  t.deepEqual(readback(secure), OTHER_HELD)
  newer.release()
  t.deepEqual(readback(secure), HELD)
})

test("an accepted socket's own hold comes before its server's", async (t) => {
  const { server } = await listening(t)
  holdKeepAlive(server, ASKED)
  const socket = await accept(t, server)
  const hold = holdKeepAlive(socket, OTHER)
  socket.setKeepAlive(true, 5000)
  t.deepEqual(readback(socket), OTHER_HELD)
  hold.release()
  t.deepEqual(readback(socket), HELD)
  socket.setKeepAlive(true, 6000)
  t.deepEqual(readback(socket), HELD)
})

test("the package's own setKeepAlive on a held server changes the held values, and false ends the hold", async (t) => {
  const { server } = await listening(t)
  const hold = holdKeepAlive(server, ASKED)
  holdKeepAlive(server, ASKED)
  setKeepAlive(server, { retries: 7 })
  const socket = await accept(t, server)
  t.deepEqual(readback(socket), { ...HELD, retries: 7 })
  setKeepAlive(server, false)
  t.is(readback(server).enabled, 0)
  const later = await accept(t, server)
  t.is(readback(later).enabled, 0)
  later.setKeepAlive(true, 5000)
  t.is(readback(later).time, 5)
  hold.release()
  t.is(readback(server).enabled, 0)
})

const endings: Readonly<Record<string, string>> = {
  'that an earlier listener has destroyed': `server.prependListener('connection', (socket) => socket.destroy())`,
  'that was passed to another held server': `
    const other = require('node:http').createServer()
    holdKeepAlive(other, { time: 9000 })
    server.on('connection', (socket) => other.emit('connection', socket) && socket.destroy())`,
}
for (const [which, listen] of Object.entries(endings)) {
  test(`a connection ${which} can be garbage-collected`, (t) => {
    const program = `
      const net = require('node:net')
      const { holdKeepAlive } = require('tcp-keepalive')
      let gone = 0
      const registry = new FinalizationRegistry(() => gone++)
      const server = net.createServer((socket) => registry.register(socket))
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address()
        holdKeepAlive(server, { time: 16000 })
        ${listen}
        let left = 20
        for (let i = 0; i < 20; i++) {
          net.connect(port, '127.0.0.1').on('error', () => {}).resume().on('close', () => {
            if (--left === 0) check()
          })
        }
      })
      let tries = 500
      function check() {
        gc()
        if (gone < 19 && --tries > 0) return setTimeout(check, 20) // one may still be on the stack
        console.log(gone >= 19)
        server.close()
      }`
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    const printed = execFileSync(process.execPath, ['--expose-gc', '-e', program], { encoding: 'utf8', cwd })
    t.is(printed, 'true\n')
  })
}

test('connections that were passed to a child process can be garbage-collected', (t) => {
  const program = fileURLToPath(new URL('passed-on.cjs', import.meta.url))
  const printed = execFileSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' })
  t.true(Number(printed) <= 100, `${printed} of 200 are in memory`)
})

test('a Unix-domain server is refused, and its connections are not changed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(join(folder, 'socket'))
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.throws(() => holdKeepAlive(server, ASKED), { code: 'ERR_TCP_KEEPALIVE_NOT_TCP' })
  const came = once(server, 'connection')
  tracked(t, net.connect(join(folder, 'socket')))
  const [accepted] = (await came) as [net.Socket]
  t.is(readback(accepted).enabled, 0)
  accepted.destroy()
})

test.serial('a hold that fails half way leaves nothing behind', (t) => {
  const methods = (): unknown[] =>
    ['connect', 'setKeepAlive', '_destroy'].map((name) => Reflect.get(net.Socket.prototype, name) as unknown)
  const thrown = new Error('on purpose')
  const fail = (): never => {
    throw thrown
  }
  const throwing = (key: PropertyKey): ProxyHandler<net.Server> => ({
    get: (target, name) => (name === key ? fail() : (Reflect.get(target, name) as unknown)),
  })
  const options = {
    get userTimeout(): number {
      return fail()
    },
  }
  const server = net.createServer()
  const before = methods()
  t.is(
    t.throws(() => holdKeepAlive(server, options)),
    thrown,
  )
  t.is(
    t.throws(() => holdKeepAlive(new Proxy(server, throwing('prependListener')), ASKED)),
    thrown,
  )
  t.throws(
    () => {
      const get = (): never => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- as a program may
        throw undefined
      }
      holdKeepAlive(new Proxy(server, { get }), ASKED)
    },
    { any: true },
  )
  t.deepEqual(server.eventNames(), [])
  t.deepEqual(methods(), before)
})

test('in a cluster worker, whose listener the primary holds, every connection has the values', (t) => {
  const program = fileURLToPath(new URL('cluster.cjs', import.meta.url))
  const printed = execFileSync(process.execPath, [program, JSON.stringify(ASKED)], {
    encoding: 'utf8',
    timeout: 100_000,
  })
  t.deepEqual(JSON.parse(printed), { enabled: true, ...ASKED })
})

test('a server that is not held sets nothing', async (t) => {
  const { server } = await listening(t, net.createServer({ keepAlive: true, keepAliveInitialDelay: 5000 }))
  const other = await listening(t)
  holdKeepAlive(other.server, ASKED)
  t.deepEqual(readback(await accept(t, server)), byNode(5))
})
