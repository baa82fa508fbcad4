/**
 * The checks of every runtime, in plain CommonJS without dependencies. Its folder has tcp-keepalive installed, a certificate
 * (key.pem, cert.pem) and panics.node, a build with a function that panics. Its sockets stay open until it exits.
 *
 * Prints one line of JSON: {"runtime": "...", "passed": ["..."], "failed": {"...": "..."}, "userTimeout": "..."}.
 */
'use strict'
const assert = require('node:assert')
const { once } = require('node:events')
const { existsSync, readFileSync, writeSync } = require('node:fs')
const net = require('node:net')
const { join } = require('node:path')
const tls = require('node:tls')
const { getKeepAlive, holdKeepAlive, inspectSocket, setKeepAlive, systemKeepAlive } = require('tcp-keepalive')

const PROBES = { time: 16_000, interval: 2000, retries: 5 }
const OTHERS = { time: 31_000, interval: 3000, retries: 7 }
const passed = []
const failed = {}
let userTimeout

const shows = (target, values) => {
  const { enabled, time, interval, retries } = getKeepAlive(target)
  assert.deepStrictEqual({ enabled, time, interval, retries }, { enabled: true, ...values })
}
const setAndReadBack = (target) => {
  assert.notStrictEqual(getKeepAlive(target).time, PROBES.time)
  setKeepAlive(target, PROBES)
  shows(target, PROBES)
}

async function main() {
  await check('load', () => assert.strictEqual(systemKeepAlive().enabled, false))

  await check('client', () => withPair(({ client }) => setAndReadBack(client)))

  await check('accepted socket', () => withPair(({ accepted }) => setAndReadBack(accepted)))

  await check('server and what it accepts', async () => {
    const server = await listening(net.createServer())
    setAndReadBack(server)
    const { client, accepted } = await connected(server)
    shows(accepted, PROBES)
    assert.strictEqual(getKeepAlive(client).enabled, false)
  })

  await check('IPv6', async () => {
    const server = await listening(net.createServer(), '::')
    const mapped = await connected(server, '127.0.0.1')
    setAndReadBack(mapped.accepted)
    const { client } = await connected(server, '::1')
    setAndReadBack(client)
    setAndReadBack(server)
  })

  await check('the right one of many', async () => {
    const server = await listening(net.createServer())
    const pairs = []
    for (let count = 0; count < 20; count += 1) pairs.push(await connected(server))
    const { client, accepted } = pairs[11]
    setAndReadBack(client)
    setAndReadBack(accepted)
    const all = pairs.flatMap((pair) => [pair.client, pair.accepted])
    assert.strictEqual(all.filter((socket) => getKeepAlive(socket).enabled).length, 2)
  })

  await checkGiven('TLS', 'key.pem', async () => {
    const [key, cert] = ['key.pem', 'cert.pem'].map((file) => readFileSync(join(__dirname, file)))
    const server = await listening(tls.createServer({ key, cert }))
    const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false })
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')])
    setAndReadBack(client)
    setAndReadBack(accepted)
  })

  await check('before connect', async () => {
    const server = await listening(net.createServer())
    const socket = new net.Socket()
    assert.throws(() => getKeepAlive(socket), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
    setKeepAlive(socket, PROBES)
    socket.connect(server.address().port, '127.0.0.1')
    await once(socket, 'connect')
    shows(socket, PROBES)
  })

  await check('off by socket.setKeepAlive(false)', () =>
    withPair(({ client }) => {
      setKeepAlive(client, PROBES)
      client.setKeepAlive(false)
      assert.strictEqual(getKeepAlive(client).enabled, false)
    }),
  )

  await check('hold', () =>
    withPair(({ client }) => {
      const hold = holdKeepAlive(client, PROBES)
      client.setKeepAlive(true, 60_000) // as a driver does
      shows(client, PROBES)
      client.setKeepAlive(false)
      shows(client, PROBES)
      hold.release()
      setKeepAlive(client, OTHERS)
      shows(client, OTHERS)
    }),
  )

  await check('destroyed', () =>
    withPair(({ client }) => {
      client.destroy()
      assert.throws(() => setKeepAlive(client, PROBES), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
      assert.throws(() => getKeepAlive(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
    }),
  )

  await check('no socket beneath', () => {
    const { Duplex } = require('node:stream')
    const socket = tls.connect({ socket: new Duplex({ read() {}, write() {} }) }).on('error', () => {})
    assert.throws(() => getKeepAlive(socket), { name: 'TcpKeepAliveError' })
    socket.destroy()
  })

  await check('worker', async () => {
    const { Worker } = require('node:worker_threads')
    const worker = new Worker(__filename, { argv: ['worker'] })
    const [said] = await once(worker, 'message')
    assert.deepStrictEqual(said, 'set and read back')
    await worker.terminate()
  })

  // A refusal of the system is reported, but is no failure of the runtime.
  await check('user timeout', () =>
    withPair(({ client }) => {
      try {
        setKeepAlive(client, { userTimeout: 25_000 })
        assert.strictEqual(getKeepAlive(client).userTimeout, 25_000)
        userTimeout = 'set and read back'
      } catch (error) {
        if (error.syscall !== 'setsockopt') throw error
        userTimeout = `refused by the system: ${error.code}`
      }
    }),
  )

  // The way of Windows before 10 1709. Here, the options read what the control code has set.
  if (process.platform === 'win32') {
    await checkGiven('time and interval as on older Windows', 'panics.node', () =>
      withPair(({ client, accepted }) => {
        const { setAsOlderWindows } = require('./panics.node')
        const socketOf = (target) => inspectSocket(target).descriptor
        const seconds = [PROBES.time / 1000, PROBES.interval / 1000]
        // Such a Windows always has a count of ten. Zero leaves the count unchanged.
        for (const [target, retries] of [
          [client, 10],
          [accepted, 0],
        ]) {
          const before = getKeepAlive(target)
          assert.notStrictEqual(before.time, PROBES.time)
          assert.ok(setAsOlderWindows(socketOf(target), ...seconds, retries))
          shows(target, { ...PROBES, retries: retries || before.retries })
        }
        assert.strictEqual(setAsOlderWindows(1, ...seconds, 10), false)
      }),
    )
  }

  await checkGiven('panic', 'panics.node', () => {
    const { panicOnPurpose } = require('./panics.node')
    const message = /on purpose: panic_on_purpose was called/
    for (let round = 0; round < 2; round += 1) assert.throws(panicOnPurpose, { message })
  })
}

/** In a thread, with an event loop of its own. */
async function inWorker() {
  await withPair(({ client, accepted }) => [client, accepted].forEach((socket) => setAndReadBack(socket)))
  require('node:worker_threads').parentPort.postMessage('set and read back')
}

/** A check that needs a file in this folder. It may only be left out with SMOKE_WITHOUT_FILES=1. */
async function checkGiven(name, file, prove) {
  if (process.env.SMOKE_WITHOUT_FILES === '1' && !existsSync(join(__dirname, file))) return
  await check(name, prove)
}

async function check(name, prove) {
  try {
    await prove()
    passed.push(name)
  } catch (error) {
    failed[name] = String(error?.stack ?? error)
  }
}

async function listening(server, host = '127.0.0.1') {
  server.listen(0, host)
  await once(server, 'listening')
  return server
}

async function connected(server, host = '127.0.0.1') {
  const accepting = once(server, 'connection')
  const client = net.connect(server.address().port, host)
  const [[accepted]] = await Promise.all([accepting, once(client, 'connect')])
  for (const socket of [client, accepted]) socket.on('error', () => {})
  return { client, accepted }
}

async function withPair(use) {
  await use(await connected(await listening(net.createServer())))
}

function runtime() {
  const { bun, deno, node } = process.versions
  if (bun) return `Bun ${bun}`
  return deno ? `Deno ${deno}` : `Node.js ${node}`
}

async function report() {
  await main()
  writeSync(1, `${JSON.stringify({ runtime: runtime(), passed, failed, userTimeout })}\n`)
  process.exit(Object.keys(failed).length === 0 ? 0 : 1)
}

if (process.argv[2] === 'worker') void inWorker()
else void report()
