/** The sweep: what it reads, when, and that nothing remains after its sockets are closed. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import net from 'node:net'
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import * as native from 'tcp-keepalive/native'
import { deadlines, deadlineStage } from '../../src/deadline/deadline.ts'
import { Sweep } from '../../src/deadline/sweep.ts'
import { type DeadlineKernel, rtoMaxOn, Watched } from '../../src/deadline/watched.ts'
import { resolveOptions } from '../../src/settings/options.ts'
import { setKeepAlive } from '../../src/socket/keepalive.ts'
import { connectionHandle } from '../../src/socket/node-internals.ts'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, rawDescriptor, readback } from '../../lab/readback/readback.ts'
import { Reader } from './reader.ts'
import { putDeadline, watch } from './watching.ts'

/** The binding, recording how many sockets each call read. */
class Counted implements DeadlineKernel {
  readonly asked: number[] = []
  readWindows(rows: Int32Array, count: number): void {
    this.asked.push(count)
    native.readWindows(rows, count)
  }
  setUserTimeout = native.setUserTimeout
  getUserTimeout = native.getUserTimeout
  systemKeepAlive = native.systemKeepAlive
}

class Beside {
  running = 0
  begin(): void {
    this.running++
  }
  end(): void {
    this.running--
  }
}

function add(sweep: Sweep, socket: net.Socket, detectWithinMs: number): Watched {
  const handle = connectionHandle(socket)
  if (handle === undefined) throw new Error('no handle')
  const watched = new Watched(handle, putDeadline(socket, detectWithinMs), rtoMaxOn(native, handle.fd))
  sweep.add(watched, sweep.get(handle))
  return watched
}

/** Both ends are closed when the test ends. */
async function pairs(
  t: ExecutionContext,
  count: number,
): Promise<Array<Awaited<ReturnType<typeof connectedPair>>>> {
  const all: Array<Awaited<ReturnType<typeof connectedPair>>> = []
  for (let index = 0; index < count; index++) all.push(await connectedPair())
  t.teardown(() => {
    for (const { close } of all) close()
  })
  return all
}

test('one call reads the sockets that have written or had unsent data, and no others', async (t) => {
  const kernel = new Counted()
  const sweep = new Sweep(kernel, new Beside())
  const all = await pairs(t, 100)
  for (const { client } of all) add(sweep, client, 3_600_000) // no sweep of its own within this test
  sweep.sweep()
  sweep.sweep()
  t.deepEqual(kernel.asked, [100], 'at first nothing is known of any, then all are empty')
  for (const { client } of all.slice(0, 3)) client.write('.')
  await sleep(300)
  sweep.sweep()
  sweep.sweep()
  t.deepEqual(kernel.asked, [100, 3])
  const [first] = all
  first?.accepted.pause()
  first?.client.write(Buffer.alloc(16 << 20))
  await sleep(300)
  sweep.sweep()
  sweep.sweep()
  t.deepEqual(kernel.asked, [100, 3, 1, 1], 'what is not empty is asked again, though it writes nothing')
})

test('each connection is checked each tenth of its own deadline', async (t) => {
  const kernel = new Counted()
  const sweep = new Sweep(kernel, new Beside())
  const [often, seldom] = await pairs(t, 2)
  if (!often || !seldom) throw new Error('no pairs')
  add(sweep, seldom.client, 300_000)
  t.is(sweep.periodMs, 30_000)
  const watched = add(sweep, often.client, 100_000)
  t.is(sweep.periodMs, 10_000)
  t.deepEqual(kernel.asked, [2], 'all sockets, when the period changes')
  for (let index = 0; index < 6; index++) {
    often.client.write('.')
    seldom.client.write('.')
    sweep.sweep()
  }
  t.deepEqual(kernel.asked, [2, 1, 1, 2, 1, 1, 2])
  sweep.delete(watched)
  sweep.sweep()
  t.is(sweep.periodMs, 30_000)
})

test('when the time between two sweeps changes, all connections are checked, so that no look comes late', async (t) => {
  const kernel = new Counted()
  const sweep = new Sweep(kernel, new Beside())
  const [often, seldom] = await pairs(t, 2)
  if (!often || !seldom) throw new Error('no pairs')
  add(sweep, seldom.client, 300_000)
  sweep.sweep()
  seldom.client.write('.')
  const watched = add(sweep, often.client, 30_000)
  t.deepEqual(kernel.asked, [1, 2], 'the next sweep of the new timer may come after that of the old one')
  sweep.delete(watched)
  seldom.client.write('.')
  sweep.sweep()
  t.is(sweep.periodMs, 30_000)
  t.deepEqual(kernel.asked, [1, 2, 1], 'nine of the shorter periods were left')
})

test('nothing remains of 10,000 connections that are opened and closed', async (t) => {
  const beside = new Beside()
  const sweep = new Sweep(native, beside)
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  for (let round = 0; round < 100; round++) {
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = net.connect(port, '127.0.0.1')
        await once(socket, 'connect')
        add(sweep, socket, 5000)
        return socket
      }),
    )
    t.is(beside.running, 1)
    await Promise.all(sockets.map((socket) => once(socket.destroy(), 'close')))
  }
  sweep.sweep()
  t.is(sweep.size, 0)
  t.is(sweep.periodMs, undefined, 'no timer')
  t.is(beside.running, 0)
})

test('TCP_RTO_MAX_MS is set at the first sweep, unless it was released or somebody else has set it', async (t) => {
  const sweep = new Sweep(native, new Beside())
  const [due, released, others] = await pairs(t, 3)
  if (!due || !released || !others) throw new Error('no pairs')
  const before = rtoMaxOn(native, rawDescriptor(due.client))
  if (before < 0) return void t.pass('a kernel before 6.15')
  const watched = [due, released, others].map(({ client }) => {
    const handle = connectionHandle(client)
    if (handle === undefined) throw new Error('no handle')
    const solved = putDeadline(client, 5000)
    native.setUserTimeout(handle.fd, -1, before) // like after a connection that was made quickly
    const one = new Watched(handle, solved, before, undefined, true)
    sweep.add(one, undefined)
    return one
  })
  watched[1]?.releaseRtoMax(native)
  native.setUserTimeout(rawDescriptor(others.client), -1, 7000)
  sweep.sweep()
  const now = (): number[] =>
    [due, released, others].map(({ client }) => rtoMaxOn(native, rawDescriptor(client)))
  t.deepEqual(now(), [1000, before, 7000])
  for (const each of watched) each.releaseRtoMax(native)
  t.deepEqual(now(), [before, before, 7000])
  for (const each of watched) sweep.delete(each)
  sweep.sweep()
})

async function untilLifted(socket: net.Socket): Promise<void> {
  while (deadlineStage(socket) !== 'lifted') await sleep(50)
}

test('the timer runs by itself and lifts; the same user timeout, set by the program, ends that, and TCP_RTO_MAX_MS is restored', async (t) => {
  const [pair] = await pairs(t, 1)
  if (!pair) throw new Error('no pair')
  const { client, accepted } = pair
  const before = rtoMaxOn(native, rawDescriptor(client))
  watch(client, 5000)
  watch(client, 5000) // like a hold that sets its values again
  t.is(deadlineStage(client), 'solved')
  t.true(process.listenerCount('exit') > 0)
  if (before >= 0) t.is(rtoMaxOn(native, rawDescriptor(client)), 1000)
  const solved = readback(client).userTimeout
  accepted.pause()
  client.write(Buffer.alloc(16 << 20))
  await untilLifted(client)
  t.is(readback(client).userTimeout, 0)
  setKeepAlive(client, { userTimeout: solved })
  deadlines.end(client) // as a set in which the package is complete
  t.is(deadlineStage(client), undefined)
  t.is(readback(client).userTimeout, solved)
  t.is(rtoMaxOn(native, rawDescriptor(client)), before)
})

test('values that are set again leave a connection lifted whose data another process has written', async (t) => {
  const [pair] = await pairs(t, 1)
  if (!pair) throw new Error('no pair')
  const { client, accepted } = pair
  accepted.pause()
  // As before the connection was handed over: Node's count of bytes stays 0.
  t.throws(
    () => {
      for (;;) writeSync(rawDescriptor(client), Buffer.alloc(1 << 20))
    },
    { code: 'EAGAIN' },
  )
  watch(client, 5000)
  await untilLifted(client)
  t.is(client.bytesWritten, 0)
  t.is(deadlines.userTimeoutNow(client, resolveOptions({ detectWithin: 5000 })), 0)
})

test.serial('fake timers of a test neither stop the sweep nor see it', async (t) => {
  const [pair] = await pairs(t, 1)
  if (!pair) throw new Error('no pair')
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  let ticks = 0
  setInterval(() => ticks++, 1)
  watch(pair.client, 5000)
  pair.accepted.pause()
  pair.client.write(Buffer.alloc(16 << 20))
  await untilLifted(pair.client)
  t.is(ticks, 0, 'the fake clock stood still')
})

test('a user timeout that somebody else has set stays', async (t) => {
  const [pair] = await pairs(t, 1)
  if (!pair) throw new Error('no pair')
  const { client, accepted } = pair
  watch(client, 5000)
  setKeepAlive(client, { userTimeout: 60_000 })
  accepted.pause()
  client.write(Buffer.alloc(16 << 20))
  while (deadlineStage(client) !== undefined) await sleep(50)
  t.is(readback(client).userTimeout, 60_000)
})

test('with TLS the encrypted bytes count, and the underlying connection is lifted', async (t) => {
  const { key, cert } = certificate
  const server = tls.createServer({ key, cert }, (socket) => socket.on('error', () => {}).pause())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  const raw = net.connect(port, '127.0.0.1')
  await once(raw, 'connect')
  for (const options of [{ port, host: '127.0.0.1' }, { socket: raw }]) {
    const socket = tls.connect({ ...options, rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    watch(socket, 5000)
    const before = connectionHandle(socket)?.bytesWritten ?? 0
    t.true(before > 0, 'the handshake')
    socket.write(Buffer.alloc(16 << 20))
    t.true((connectionHandle(socket)?.bytesWritten ?? 0) > before)
    await untilLifted(socket)
    t.is(readback(socket).userTimeout, 0)
  }
})

for (const [rule, outcome] of [
  ['watched', /^end 2097152$/],
  ['unwatched', /^(lost|end) (?!2097152$)/],
] as const) {
  test(`data written before process.exit() is ${rule === 'watched' ? 'read' : 'lost'} two deadlines later if its connection is ${rule}`, async (t) => {
    const reader = await Reader.start(t)
    const flags = ['--import=ts-blank-space/register', '--import=./__test__/require.ts']
    const program = ['__test__/deadline/exit-program.ts', String(reader.port), rule]
    const { status, stderr } = spawnSync(process.execPath, [...flags, ...program], { encoding: 'utf8' })
    t.is(status, 0, stderr)
    await sleep(10_000)
    reader.read(65_536, 1)
    t.regex(await reader.end(), outcome)
  })
}
