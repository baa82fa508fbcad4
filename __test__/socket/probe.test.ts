import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { holdKeepAlive, inspectSocket, probePeer, setKeepAlive, type Target } from 'tcp-keepalive'
import { openLab } from '../../lab/network/lab.ts'
import { startEcho, echoPort } from '../../lab/network/echo.ts'
import { connectedPair, type Pair, rawDescriptor, readback, witness } from '../../lab/readback/readback.ts'
import { unless, withLab } from '../needs.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux probes at once.')

/** Values that make a probe risky: a user timeout shorter than the silence, and a single retry. */
const DANGEROUS = { time: 60_000, interval: 1000, retries: 1, userTimeout: 500 }

/** Long enough that no peer counts as heard just now. */
const SILENCE_MS = 1200

/** Long enough for a busy machine; a living peer answers long before. */
const PATIENCE_MS = 20_000

async function silentPair(t: ExecutionContext, host?: string): Promise<Pair> {
  const pair = await connectedPair(host)
  t.teardown(pair.close)
  setKeepAlive(pair.client, DANGEROUS)
  await sleep(SILENCE_MS)
  return pair
}

for (const host of ['127.0.0.1', '::1']) {
  onLinux(`a peer that lives answers, and the values are as before: ${host}`, async (t) => {
    const { client } = await silentPair(t, host)
    const before = readback(client)
    const beganAt = performance.now()
    t.true(await probePeer(client, { within: PATIENCE_MS }))
    t.deepEqual(readback(client), before)
    // The silence before the probe was SILENCE_MS. Only an answer makes it shorter than that and the time since.
    const silentFor = inspectSocket(client).tcpInfo?.silentFor ?? Infinity
    t.true(silentFor < SILENCE_MS + performance.now() - beganAt, `${silentFor} ms`)
  })
}

onLinux('a living peer also answers if keepalive is off, and through a raw descriptor', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  await sleep(SILENCE_MS)
  const before = readback(client)
  t.is(before.enabled, 0)
  t.true(await probePeer(rawDescriptor(client), { within: PATIENCE_MS }))
  t.deepEqual(readback(client), before)
})

onLinux('a peer heard within the last second is not probed', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  client.resume()
  accepted.write('.')
  await once(client, 'data')
  t.true(await probePeer(client, { within: 100 }))
})

onLinux('concurrent calls on one socket share one probe', async (t) => {
  const { client } = await silentPair(t)
  const before = readback(client)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => probePeer(client, { within: PATIENCE_MS })),
  )
  t.true(answers.every(Boolean))
  t.deepEqual(readback(client), before)
})

onLinux('a closed window causes its own error, and nothing is changed', async (t) => {
  const { client, accepted } = await silentPair(t)
  accepted.pause()
  for (let index = 0; index < 100; index++) client.write(Buffer.alloc(1_000_000))
  for (;;) {
    const { unsent = 0, unacknowledged = 1, silentFor = 0 } = inspectSocket(client).tcpInfo ?? {}
    if (unsent > 0 && unacknowledged === 0 && silentFor >= 1000) break
    setKeepAlive(client, { userTimeout: 0 }) // the connection to this reader must not be ended
    await sleep(20)
  }
  const before = readback(client)
  await t.throwsAsync(probePeer(client, { within: PATIENCE_MS }), { code: 'ERR_TCP_KEEPALIVE_BUSY' })
  t.deepEqual(readback(client), before)
})

onLinux('an unsuitable target is refused with its own error', async (t) => {
  const { client, server, close } = await connectedPair()
  t.teardown(close)
  for (const within of [99, 0, -1, Number.NaN, 2 ** 31]) {
    await t.throwsAsync(probePeer(client, { within }), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' })
  }
  for (const options of [undefined, {}, { within: '1s' }]) {
    const asked = probePeer(client, options as { within: number })
    await t.throwsAsync(asked, { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' })
  }
  const wrong = (target: unknown): Promise<boolean> => probePeer(target as Target, { within: 100 })
  await t.throwsAsync(wrong(server), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.throwsAsync(wrong({}), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.throwsAsync(wrong(new net.Socket()), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  await t.throwsAsync(wrong(rawDescriptor(server)), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  await t.throwsAsync(wrong(999_999), { code: 'EBADF' })
  client.destroy()
  await t.throwsAsync(wrong(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
})

onLinux('on another system the error says that only Linux can probe at once', (t) => {
  const script = `Object.defineProperty(process, 'platform', { value: 'darwin' })
    require('tcp-keepalive').probePeer(0, { within: 100 }).catch(({ code }) => console.log(code))`
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  t.is(stdout, 'ERR_TCP_KEEPALIVE_UNSUPPORTED\n')
})

/** As test frameworks fake them: the clock stands still, and no timer fires. */
const FAKED = `
  const net = require('node:net')
  const { getKeepAlive, probePeer } = require('tcp-keepalive')
  const real = setTimeout
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => real(probe, ${SILENCE_MS}, socket))
  })
  async function probe(socket) {
    const before = JSON.stringify(getKeepAlive(socket))
    performance.now = Date.now = () => 0
    globalThis.setTimeout = globalThis.setInterval = () => ({ ref() {}, unref() {} })
    globalThis.clearTimeout = globalThis.clearInterval = () => {}
    const isThere = await Promise.race([
      probePeer(socket, { within: ${PATIENCE_MS / 2} }),
      new Promise((resolve) => real(resolve, ${PATIENCE_MS})),
    ])
    console.log(isThere, JSON.stringify(getKeepAlive(socket)) === before)
    process.exit()
  }`

onLinux('the fake timers of a test do not affect a probe', (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', FAKED], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  t.is(stdout, 'true true\n', stderr)
})

onLinux('1,000 healthy connections: none is reported as dead, and no value has changed', async (t) => {
  const peer = fork(new URL('probe-peers.cjs', import.meta.url))
  t.teardown(() => peer.kill())
  const [port] = (await once(peer, 'message')) as [number]
  const sockets: net.Socket[] = []
  for (let index = 0; index < 1000; index++) {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    setKeepAlive(socket, DANGEROUS)
    sockets.push(socket)
  }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await sleep(SILENCE_MS)
  const before = sockets.map((socket) => inspectSocket(socket).keepAlive)
  const answers = await Promise.all(sockets.map((socket) => probePeer(socket, { within: PATIENCE_MS })))
  t.is(answers.filter((answer) => !answer).length, 0)
  t.deepEqual(
    sockets.map((socket) => inspectSocket(socket).keepAlive),
    before,
  )
})

/** The program in the laboratory, with its connections. */
interface Told {
  readonly answers: readonly boolean[]
  readonly lost: number
  readonly changed: number
}

withLab(
  'a peer that is cut off: false within the time; its own restored values end the connection',
  async (t) => {
    const lab = await openLab(t)
    await startEcho(lab)
    const program = lab.client.start(
      async ({ host, port }, { tell, next }) => {
        const net = await import('node:net')
        const { default: events } = await import('node:events')
        const { getKeepAlive, holdKeepAlive, inspectSocket, probePeer, setKeepAlive } =
          await import('tcp-keepalive')
        const connect = async (): Promise<InstanceType<typeof net.Socket>> => {
          const socket = net.connect(port, host)
          await events.once(socket, 'connect')
          socket.on('error', (error: NodeJS.ErrnoException) => tell('lost', error.code))
          return socket
        }
        const [told, healed, held] = [await connect(), await connect(), await connect()]
        setKeepAlive(told, { time: 3000, interval: 1000, retries: 2 })
        setKeepAlive(healed, { time: 60_000, interval: 1000, retries: 1, userTimeout: 500 })
        holdKeepAlive(held, { time: 61_000, interval: 2000, retries: 3, userTimeout: 900 })
        tell('ready')
        await next()
        const all = [told, healed, held]
        const asked = performance.now()
        const answers = await Promise.all(all.map((socket) => probePeer(socket, { within: 1000 })))
        tell('answers', { answers, took: performance.now() - asked })
        held.setKeepAlive(true, 5000) // like a driver, while its peer is probed
        tell('held', { time: getKeepAlive(held).time, warnings: inspectSocket(held).warnings })
        await next()
        const again = await Promise.all([healed, held].map((socket) => probePeer(socket, { within: 20_000 })))
        await new Promise((resolve) => setTimeout(resolve, 2000))
        tell('healed', { again, values: [healed, held].map((socket) => getKeepAlive(socket)) })
        await next()
      },
      { host: lab.server.address, port: echoPort },
    )
    await program.event('ready')
    await lab.cut()
    await sleep(SILENCE_MS)
    program.send('ask')
    const { data } = await program.event<{ answers: boolean[]; took: number }>('answers')
    t.deepEqual(data.answers, [false, false, false])
    const held = (await program.event<{ time: number; warnings: { code: string }[] }>('held')).data
    t.is(held.time, 1000)
    t.false(held.warnings.some(({ code }) => code === 'overwritten'))
    // Its own values end the connection after 5 s of silence, as without the probe.
    t.is((await program.event('lost')).data, 'ETIMEDOUT')
    await lab.heal()
    program.send('heal')
    const healed = (await program.event<{ again: boolean[]; values: object[] }>('healed')).data
    t.deepEqual(healed.again, [true, true])
    t.like(healed.values, [
      { time: 60_000, interval: 1000, retries: 1, userTimeout: 500 },
      { time: 61_000, interval: 2000, retries: 3, userTimeout: 900 },
    ])
    program.send('end')
  },
)

withLab('a probe never ends a living connection: an outage of 1 s, and a call each 100 ms', async (t) => {
  const { lost, answers, changed } = await underFault(t, 'outage')
  t.is(lost, 0)
  t.is(changed, 0)
  t.true(answers.includes(false)) // it was probed during the outage
  t.true(answers.at(-1))
})

withLab('a probe never ends a living connection: 30 % of all packets are lost', async (t) => {
  const { lost, answers, changed } = await underFault(t, 'loss')
  t.is(lost, 0)
  t.is(changed, 0)
  t.true(answers.includes(true))
})

async function underFault(t: ExecutionContext, fault: 'outage' | 'loss'): Promise<Told> {
  const lab = await openLab(t)
  await startEcho(lab)
  const program = lab.client.start(
    async ({ host, port }, { tell, next }) => {
      const net = await import('node:net')
      const { default: events } = await import('node:events')
      const { getKeepAlive, probePeer, setKeepAlive } = await import('tcp-keepalive')
      const values = [
        { time: 60_000, interval: 1000, retries: 1, userTimeout: 500 },
        { time: 60_000, interval: 1000, retries: 1, userTimeout: 0 },
        { detectWithin: 60_000 },
        // Shorter than the silence: restoring these values before the answer would end the connection.
        { time: 1000, interval: 10_000, retries: 2, userTimeout: 0 },
        { time: 1000, interval: 10_000, retries: 3, userTimeout: 900 },
      ]
      let lost = 0
      const sockets: InstanceType<typeof net.Socket>[] = []
      for (let index = 0; index < 30; index++) {
        const socket = net.connect(port, host)
        await events.once(socket, 'connect')
        socket.on('error', () => lost++)
        setKeepAlive(socket, values[index % values.length] ?? {})
        sockets.push(socket)
      }
      const before = sockets.map((socket) => JSON.stringify(getKeepAlive(socket)))
      tell('ready')
      await next()
      const answers: boolean[] = []
      const state = { isOver: false }
      const over = next().then(() => (state.isOver = true))
      while (!state.isOver) {
        for (const socket of sockets) {
          if (!socket.destroyed)
            void probePeer(socket, { within: 100 }).then((answer) => answers.push(answer))
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await over
      for (const socket of sockets) {
        if (socket.destroyed) continue
        // The loss is over: every living peer answers, and then its connection has its own values again.
        answers.push(await probePeer(socket, { within: 20_000 }))
      }
      await new Promise((resolve) => setTimeout(resolve, 3000))
      const after = sockets.map((socket) => (socket.destroyed ? '' : JSON.stringify(getKeepAlive(socket))))
      tell('told', { answers, lost, changed: after.filter((text, index) => text !== before[index]).length })
      await next()
    },
    { host: lab.server.address, port: echoPort },
  )
  await program.event('ready')
  if (fault === 'loss') await lab.lose(30)
  await sleep(SILENCE_MS)
  if (fault === 'outage') await lab.cut()
  program.send('ask')
  await sleep(fault === 'outage' ? 1000 : 10_000)
  await lab.heal()
  await sleep(500)
  program.send('over')
  const { data } = await program.event<Told>('told')
  program.send('end')
  return data
}

onLinux(
  'a socket that is destroyed during the probe: false, and the values are the earlier ones',
  async (t) => {
    const { client } = await silentPair(t)
    const before = readback(client)
    // Another process has the same socket open, and reads it after this process has closed it.
    const reader = spawn('sh', ['-c', 'read line; exec "$0"', witness('readback')], {
      stdio: ['pipe', 'pipe', 'inherit', rawDescriptor(client)],
    })
    const asked = probePeer(client, { within: PATIENCE_MS })
    t.is(readback(client).retries, 127)
    client.destroy()
    t.false(await asked)
    reader.stdin?.end('now\n')
    const held = reader.stdout && (await text(reader.stdout))
    t.deepEqual(JSON.parse(held ?? ''), before)
    t.false(Object.hasOwn(client, '_destroy'))
  },
)

onLinux('the end of a hold during a probe changes nothing', async (t) => {
  const { client } = await silentPair(t)
  const hold = holdKeepAlive(client, DANGEROUS)
  const before = readback(client)
  const asked = probePeer(client, { within: PATIENCE_MS })
  hold.release()
  t.true(await asked)
  t.deepEqual(readback(client), before)
})
