/** The channels report the peer, and what the connection was doing. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import {
  holdKeepAlive,
  installKeepAlive,
  type KeepAliveApplied,
  type KeepAliveLost,
  type KeepAliveOptions,
} from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { MUCH } from '../deadline/kernel-values.ts'
import { swallowing } from '../deadline/swallowed.ts'
import { ASKED, connected, listening, tracked } from './sockets.ts'

// IP_MINTTL cuts off the peers, and only Linux has it (tcp-keepalive/drill).
const linux = process.platform === 'linux' ? test.serial : test.serial.skip

/** Collects the messages of a channel during the test. */
function published<M>(t: ExecutionContext, channel: string): M[] {
  const messages: M[] = []
  const listener = (message: unknown): void => void messages.push(message as M)
  subscribe(`tcp-keepalive:${channel}`, listener)
  t.teardown(() => unsubscribe(`tcp-keepalive:${channel}`, listener))
  return messages
}

function installed(t: ExecutionContext, ...args: Parameters<typeof installKeepAlive>): void {
  const install = installKeepAlive(...args)
  t.teardown(() => install.uninstall())
}

test.serial('apply: the requested host, the address and the port, when the connection is made', async (t) => {
  const messages = published<KeepAliveApplied>(t, 'apply')
  const { port } = await listening(t)
  installed(t, ASKED, { match: port })
  const lookup: net.LookupFunction = (_name, { all }, done) =>
    all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
  await connected(t, net.connect({ port, host: 'db.test', lookup }))
  await connected(t, net.connect({ port, host: '127.0.0.1' }))
  const again = await connected(t, net.connect({ port, host: 'db.test', lookup }))
  again.destroy()
  await once(again, 'close')
  again.connect(port, '127.0.0.1')
  await once(again, 'connect')
  const byName = { peer: { host: 'db.test', address: '127.0.0.1', port }, doing: 'connecting' }
  const byAddress = { peer: { host: '127.0.0.1', address: '127.0.0.1', port }, doing: 'connecting' }
  t.deepEqual(
    messages.map(({ peer, doing }) => ({ peer, doing })),
    [byName, byAddress, byName, byAddress],
  )
})

test.serial('apply: the client, for an accepted connection', async (t) => {
  const messages = published<KeepAliveApplied>(t, 'apply')
  const { port } = await listening(t)
  installed(t, ASKED, { match: 'nobody.invalid', accepted: true })
  const client = await connected(t, net.connect({ port, host: '127.0.0.1' }))
  while (messages.length === 0) await new Promise(setImmediate)
  t.deepEqual(messages[0]?.peer, { host: undefined, address: '127.0.0.1', port: client.localPort })
  if (process.platform === 'linux') t.is(messages[0]?.doing, 'waiting')
})

linux('apply: a hold on an open connection says whether data is in flight', async (t) => {
  const messages = published<KeepAliveApplied>(t, 'apply')
  const { port } = await listening(t, net.createServer({ pauseOnConnect: true }))
  const waiting = await connected(t, net.connect({ port, host: 'localhost', family: 4 }))
  const writing = await connected(t, net.connect(port, '127.0.0.1'))
  writing.write(Buffer.alloc(MUCH))
  for (const socket of [waiting, writing]) {
    const hold = holdKeepAlive(socket, ASKED)
    t.teardown(() => hold.release())
  }
  t.deepEqual(
    messages.map(({ peer, doing }) => [peer.host, peer.address, peer.port, doing]),
    [
      ['localhost', '127.0.0.1', port, 'waiting'],
      [undefined, '127.0.0.1', port, 'writing'],
    ],
  )
})

/** With a deadline the sweep watches each connection. Without one, only the kernel's state is known. */
const VALUES: Readonly<Record<string, KeepAliveOptions>> = {
  'a deadline': { detectWithin: 5000 },
  'four values': { time: 1000, interval: 1000, retries: 4, userTimeout: 4500 },
}
for (const [what, options] of Object.entries(VALUES)) {
  linux(`lost: distinguishes waiting from writing when the peer is dead, with ${what}`, async (t) => {
    const messages = published<KeepAliveLost>(t, 'lost')
    const { port, accepted } = await listening(t)
    installed(t, options, { match: port })
    const waiting = await connected(t, net.connect({ port, host: 'localhost', family: 4 }))
    const writing = await connected(t, net.connect(port, '127.0.0.1'))
    for (const socket of [waiting, writing]) socket.write('.') // which is acknowledged
    while (accepted.length < 2 || accepted.some(({ bytesRead }) => bytesRead === 0)) {
      for (const socket of accepted) socket.resume()
      await new Promise(setImmediate)
    }
    const cuts = [waiting, writing].map((socket) => cutOff(socket))
    t.teardown(() => {
      for (const cut of cuts) cut.restore()
    })
    writing.write('.')
    await Promise.all(
      [waiting, writing].map(async (socket) => new Promise((end) => socket.once('close', end))),
    )
    const of = (socket: net.Socket): unknown => {
      const { outcome, peer, doing } = messages.find((message) => message.socket === socket) ?? {}
      return { outcome, peer, doing }
    }
    const peer = { host: 'localhost', address: '127.0.0.1', port }
    t.deepEqual(of(waiting), { outcome: 'no-answer', peer, doing: 'waiting' })
    t.deepEqual(of(writing), { outcome: 'no-answer', peer: { ...peer, host: '127.0.0.1' }, doing: 'writing' })
  })
}

linux('lost: a reset while waiting and while writing', async (t) => {
  const messages = published<KeepAliveLost>(t, 'lost')
  const { port, accepted } = await listening(t, net.createServer({ pauseOnConnect: true }))
  installed(t, { detectWithin: 5000 }, { match: port })
  const waiting = await connected(t, net.connect(port, '127.0.0.1'))
  const writing = await connected(t, net.connect(port, '127.0.0.1'))
  writing.write(Buffer.alloc(MUCH))
  while (accepted.length < 2) await new Promise(setImmediate)
  const ends = [waiting, writing].map(async (socket) => new Promise((end) => socket.once('close', end)))
  for (const socket of accepted) socket.resetAndDestroy()
  await Promise.all(ends)
  const doingOf = (of: net.Socket): unknown =>
    messages.filter(({ socket }) => socket === of).map(({ outcome, doing }) => [outcome, doing])
  t.deepEqual([doingOf(waiting), doingOf(writing)], [[['reset', 'waiting']], [['reset', 'writing']]])
})

for (const way of ['install', 'hold'] as const) {
  linux(`lost: published for an attempt to connect to an address that does not answer, ${way}`, async (t) => {
    const messages = published<KeepAliveLost>(t, 'lost')
    const port = await swallowing(t, '127.0.0.1')
    const socket = tracked(t, new net.Socket())
    if (way === 'install') installed(t, { detectWithin: 5000 }, { match: port })
    else {
      const hold = holdKeepAlive(socket, { detectWithin: 5000 })
      t.teardown(() => hold.release())
    }
    socket.connect({ port, host: 'localhost', family: 4 })
    await new Promise((resolve) => socket.once('close', resolve))
    const peer = { host: 'localhost', address: '127.0.0.1', port }
    t.deepEqual(
      messages.map(({ peer, doing, outcome, error, silentFor }) => {
        const { code } = error as NodeJS.ErrnoException
        return { peer, doing, outcome, code, silentFor }
      }),
      [{ peer, doing: 'connecting', outcome: 'no-answer', code: 'ETIMEDOUT', silentFor: undefined }],
    )
    t.is(messages[0]?.error, socket.errored ?? undefined)
  })
}

linux('lost: not published for an attempt that no install matches, nor for a refused one', async (t) => {
  const messages = published<KeepAliveLost>(t, 'lost')
  const port = await swallowing(t, '127.0.0.1')
  installed(t, { detectWithin: 5000 }, { match: [`10.0.0.0/8:${port}`, '*:1'] })
  // So that its attempt ends in time, although it is not held.
  const { setKeepAlive } = await import('tcp-keepalive')
  const unmatched = tracked(t, new net.Socket())
  setKeepAlive(unmatched, { detectWithin: 5000 })
  unmatched.connect({ port, host: 'localhost', family: 4 })
  const refused = tracked(t, net.connect(1, '127.0.0.1'))
  await Promise.all(
    [unmatched, refused].map(async (socket) => new Promise((end) => socket.once('close', end))),
  )
  t.deepEqual(messages, [])
})
