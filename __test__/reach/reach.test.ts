/** `reach: 'process'`: connections that no hook sees get the values, and sockets that do not match get none. */
import { fork, spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdirSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import ava, { type ExecutionContext } from 'ava'
import {
  holdKeepAlive,
  inspectSocket,
  installKeepAlive,
  type KeepAliveAdopted,
  setKeepAlive,
} from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'
import { type Seen, socketsOf } from '../../lab/clients/processes.ts'
import { connectedPair, rawDescriptor, readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { unless } from '../needs.ts'
import {
  connectElsewhere,
  connectionTo,
  IDLE_HALF,
  startServer,
  valuesOnceLike,
  valuesSoon,
} from './process.ts'

const test =
  process.platform === 'linux' ? ava.serial : unless('The look at all sockets of a process is for Linux.')

const DEADLINE = { detectWithin: 5000 }
/** The scan runs each tenth of the deadline. After this time one has certainly run. */
const TWO_LOOKS_MS = 1200

function reach(
  t: ExecutionContext,
  options: Parameters<typeof installKeepAlive>[0] = DEADLINE,
  scope: Parameters<typeof installKeepAlive>[1] = {},
): { uninstall(): void } {
  const install = installKeepAlive(options, { ...scope, reach: 'process' })
  t.teardown(() => install.uninstall())
  return install
}

function adoptions(t: ExecutionContext): KeepAliveAdopted[] {
  const told: KeepAliveAdopted[] = []
  const listen = (message: unknown): void => {
    if ((message as KeepAliveAdopted).by === 'reach') told.push(message as KeepAliveAdopted)
  }
  subscribe('tcp-keepalive:apply', listen)
  t.teardown(() => unsubscribe('tcp-keepalive:apply', listen))
  return told
}

test('connections from before the install get the values at once; accepted sockets and listeners are not changed', async (t) => {
  const { client, accepted, server, port, close } = await connectedPair()
  t.teardown(close)
  const told = adoptions(t)
  t.deepEqual(readback(client), UNTOUCHED)
  reach(t, DEADLINE, { match: port })
  t.deepEqual(await valuesSoon(client, IDLE_HALF), IDLE_HALF)
  t.deepEqual(readback(accepted), UNTOUCHED)
  t.deepEqual(readback(server), UNTOUCHED)
  t.is(inspectSocket(client).heldBy, 'reach')
  t.is(inspectSocket(accepted).heldBy, undefined)
  t.deepEqual(told, [
    {
      socket: undefined,
      descriptor: rawDescriptor(client),
      peer: { host: '127.0.0.1', address: '127.0.0.1', port },
      settings: { enabled: true, time: 1000, interval: 1000, retries: 3, userTimeout: undefined },
      by: 'reach',
    },
  ])
})

test('connections of another thread get the values at the next scan, also after the thread has set its own right after connecting', async (t) => {
  const port = await startServer(t)
  const told = adoptions(t)
  reach(t, DEADLINE, { match: port })
  const worker = await connectElsewhere(t, port)
  t.deepEqual(await valuesOnceLike(port, IDLE_HALF), IDLE_HALF)
  t.is(connectionTo(port).heldBy, 'reach')
  worker.postMessage(['setKeepAlive', true, 60_000])
  t.deepEqual(await valuesOnceLike(port, IDLE_HALF), IDLE_HALF)
  t.true(told.length >= 1 && told.every(({ peer }) => peer.port === port))
})

test('a socket that is made from a descriptor gets the values', async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  const duplicate = native.duplicateSocket(process.pid, rawDescriptor(client))
  const socket = new net.Socket({ fd: duplicate })
  t.teardown(() => socket.destroy())
  reach(t, DEADLINE, { match: port })
  t.deepEqual(await valuesSoon(socket, IDLE_HALF), IDLE_HALF)
})

test('a connection over IPv6 and one to a v4-mapped address get the values', async (t) => {
  for (const [host, to, address] of [
    ['::1', '::1', '::1'],
    ['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.1'],
  ] as const) {
    const { client, port, close } = await connectedPair(host, to)
    t.teardown(close)
    const told = adoptions(t)
    reach(t, DEADLINE, { match: port })
    t.deepEqual(await valuesSoon(client, IDLE_HALF), IDLE_HALF)
    t.is(told[0]?.peer.address, address)
  }
})

test('values of the owner that detect a dead peer sooner stay; later ones are replaced', async (t) => {
  const owners = [
    { has: { enabled: 1, time: 1, interval: 1, retries: 2, userTimeout: 0 }, stays: true },
    { has: { enabled: 1, time: 1, interval: 1, retries: 3, userTimeout: 0 }, stays: true },
    { has: { enabled: 1, time: 2, interval: 1, retries: 3, userTimeout: 0 }, stays: false },
    { has: { enabled: 0, time: 1, interval: 1, retries: 1, userTimeout: 0 }, stays: false },
    { has: { enabled: 1, time: 7200, interval: 75, retries: 9, userTimeout: 5000 }, stays: false },
    // Three probes do not fit into the user timeout.
    { has: { enabled: 0, time: 7200, interval: 75, retries: 9, userTimeout: 3000 }, stays: true },
  ]
  const pairs = await Promise.all(
    owners.map(async ({ has, stays }) => {
      const { client, port, close } = await connectedPair()
      t.teardown(close)
      const { enabled, time, interval, retries, userTimeout } = has
      t.is(native.setKeepAlive(rawDescriptor(client), enabled === 1, time, interval, retries, userTimeout), 0)
      return { client, port, has, stays }
    }),
  )
  reach(t, DEADLINE, { match: pairs.map(({ port }) => port) })
  // The last ones first: those that stay unchanged were scanned together with them.
  for (const { client, has, stays } of pairs.toReversed()) {
    const expected = stays ? has : { ...IDLE_HALF, userTimeout: has.userTimeout }
    t.deepEqual(await valuesSoon(client, expected), expected)
    t.is(inspectSocket(client).heldBy, stays ? undefined : 'reach')
  }
})

test('a user timeout is set if it is given as a number, and never replaces a shorter one', async (t) => {
  const idle = { time: 1000, interval: 1000, retries: 3 }
  for (const [owners, asked, expected] of [
    [0, 4000, 4000],
    [9000, 4000, 4000],
    [3500, 4000, 3500],
    [3500, 0, 3500],
    [0, undefined, 0],
  ] as const) {
    const { client, port, close } = await connectedPair()
    native.setKeepAlive(rawDescriptor(client), false, -1, -1, -1, owners)
    const install = installKeepAlive({ ...idle, userTimeout: asked }, { match: port, reach: 'process' })
    const values = { ...IDLE_HALF, userTimeout: expected }
    t.deepEqual(await valuesSoon(client, values), values, `${owners}, ${asked}`)
    install.uninstall()
    close()
  }
})

test("three probes fit into the owner's user timeout", async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  // The requested values would send the first probe when the user timeout is over, and one lost packet would end the connection.
  native.setKeepAlive(rawDescriptor(client), false, -1, -1, -1, 9000)
  const told = adoptions(t)
  reach(t, { detectWithin: 30_000 }, { match: port })
  const expected = { enabled: 1, time: 2, interval: 2, retries: told[0]?.settings.retries, userTimeout: 9000 }
  t.deepEqual(readback(client), expected)
  t.deepEqual(told[0]?.settings, { ...told[0]?.settings, time: 2000, interval: 2000 })
  t.false(inspectSocket(client).warnings.some(({ code }) => code === 'one-lost-probe'))
})

test('keepalive is never turned off', async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  const has = { enabled: 1, time: 60, interval: 1, retries: 10, userTimeout: 0 }
  native.setKeepAlive(rawDescriptor(client), true, 60, 1, 10, -1)
  reach(t, { enabled: false }, { match: port })
  await sleep(TWO_LOOKS_MS)
  t.deepEqual(readback(client), has)
})

test("match decides by the peer's address; if it does not match or its function throws, the socket is not changed", async (t) => {
  const peers: net.SocketConstructorOpts[] = []
  for (const [match, fits] of [
    ['127.0.0.0/8:*', true],
    ['127.0.0.1', true],
    ['10.0.0.0/8:*', false],
    ['localhost', false],
    [(peer: object) => Boolean(peers.push(peer)), true],
    [() => false, false],
    [
      () => {
        throw new Error('of the program')
      },
      false,
    ],
  ] as const) {
    const { client, port, close } = await connectedPair()
    // Scanned together with it, so the other socket has been scanned too.
    const witness = await connectedPair()
    const only =
      typeof match === 'function'
        ? (peer: { port: number }) => peer.port === witness.port || (peer.port === port && match(peer))
        : [match, witness.port]
    const install = installKeepAlive(DEADLINE, { match: only, reach: 'process' })
    t.deepEqual(await valuesSoon(witness.client, IDLE_HALF), IDLE_HALF)
    t.deepEqual(readback(client), fits ? IDLE_HALF : UNTOUCHED, String(match))
    install.uninstall()
    close()
    witness.close()
  }
  t.is(peers.length, 1)
})

test('of two installs the newer one that matches applies', async (t) => {
  const port = await startServer(t)
  reach(t, DEADLINE, { match: port })
  const longer = { time: 8000, interval: 4000, retries: 4 }
  reach(t, longer, { match: port })
  await connectElsewhere(t, port)
  const expected = { enabled: 1, time: 8, interval: 4, retries: 4, userTimeout: 0 }
  t.deepEqual(await valuesOnceLike(port, expected), expected)
  await sleep(TWO_LOOKS_MS)
  t.deepEqual(readback(connectionTo(port).descriptor), expected)
})

test('values that the program sets or holds itself stay, from before and after the install', async (t) => {
  const longer = { time: 90_000, interval: 9000, retries: 9 }
  const expected = { enabled: 1, time: 90, interval: 9, retries: 9, userTimeout: 0 }
  const pairs = await Promise.all(Array.from({ length: 5 }, () => connectedPair()))
  const [held, set, off, laterHeld, untouched] = pairs
  if (!held || !set || !off || !laterHeld || !untouched) throw new Error('five')
  for (const { close } of pairs) t.teardown(close)
  holdKeepAlive(held.client, longer)
  setKeepAlive(set.client, longer)
  setKeepAlive(off.client, false)
  reach(t, DEADLINE, { match: pairs.map(({ port }) => port) })
  t.deepEqual(await valuesSoon(untouched.client, IDLE_HALF), IDLE_HALF)
  holdKeepAlive(laterHeld.client, longer)
  const fresh = net.connect(held.port, '127.0.0.1')
  t.teardown(() => fresh.destroy())
  holdKeepAlive(fresh, longer)
  await once(fresh, 'connect')
  await sleep(TWO_LOOKS_MS)
  for (const socket of [held.client, set.client, laterHeld.client, fresh])
    t.deepEqual(readback(socket), expected)
  t.is(readback(off.client).enabled, 0)
  t.is(inspectSocket(laterHeld.client).heldBy, 'hold')
})

test('connections that an install holds through its hooks keep the user timeout, and are not adopted', async (t) => {
  const port = await startServer(t)
  const told = adoptions(t)
  reach(t, DEADLINE, { match: port })
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  await sleep(TWO_LOOKS_MS)
  t.deepEqual(readback(socket), { ...IDLE_HALF, userTimeout: 3500 })
  t.is(inspectSocket(socket).heldBy, 'install')
  t.deepEqual(told, [])
})

test('a match that only fits connections that no hook sees is not reported as unmatched', (t) => {
  const program = fileURLToPath(new URL('unmatched.cjs', import.meta.url))
  for (const mode of ['before', 'after', 'thread', 'other']) {
    const { stdout, stderr } = spawnSync(process.execPath, [program, mode], { encoding: 'utf8' })
    t.is(stdout, mode === 'other' ? 'unmatched' : 'adopted', `${mode} ${stderr}`)
  }
})

test('uninstall ends the scan', async (t) => {
  const port = await startServer(t)
  const install = reach(t, DEADLINE, { match: port })
  install.uninstall()
  install.uninstall()
  await connectElsewhere(t, port)
  await sleep(TWO_LOOKS_MS)
  t.deepEqual(readback(connectionTo(port).descriptor), UNTOUCHED)
})

test('no descriptor remains open', async (t) => {
  const open = (): string[] => readdirSync('/proc/self/fd').map((fd) => `${fd} ${linkOf(fd)}`)
  const port = await startServer(t)
  await connectElsewhere(t, port)
  const before = open()
  reach(t, DEADLINE, { match: port })
  t.deepEqual(await valuesOnceLike(port, IDLE_HALF), IDLE_HALF)
  await sleep(100) // the reader of the values is gone
  t.deepEqual(open(), before)
})

/** The descriptor that is only open while the folder is read is not counted. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return 'closed'
  }
}

test('an invalid reach is refused', (t) => {
  const scope = (reach: unknown): void => void installKeepAlive(DEADLINE, { reach } as never)
  t.throws(() => scope('everything'), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
    message: /everything/,
  })
  t.throws(() => scope(true), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' })
  for (const reach of ['thread', undefined]) installKeepAlive(DEADLINE, { reach } as never).uninstall()
})

test('of several scanners with the same purpose one works, and the next one after it has ended; without a purpose each works', (t) => {
  const rows = new Int32Array(16)
  const purposes = [[1, 2], [1, 2], [1], [], []]
  const begun = purposes.map((purpose) => native.beginLooking(Int32Array.from(purpose)))
  const NOT_MY_TURN = -1
  const looks = (): boolean[] =>
    begun.map((id) => native.lookForConnections(id, rows, 10_000) !== NOT_MY_TURN)
  t.deepEqual(looks(), [true, false, true, true, true])
  native.endLooking(begun[0] ?? 0)
  t.deepEqual(looks(), [false, true, true, true, true])
  for (const id of begun) native.endLooking(id)
  t.deepEqual(looks(), [false, false, false, false, false])
})

test('a socket that came from another process counts as accepted, also if nobody listens there any more', async (t) => {
  const child = fork(fileURLToPath(new URL('receiver.cjs', import.meta.url)), { execArgv: [] })
  t.teardown(() => child.kill())
  await once(child, 'message')
  const { client, accepted, server, close } = await connectedPair()
  t.teardown(close)
  server.close() // nobody listens from now on
  child.send('take', accepted)
  const [taken] = (await once(child, 'message')) as [{ port: number }]
  child.send('connect')
  const [connected] = (await once(child, 'message')) as [{ port: number }]
  const pid = child.pid ?? 0
  const of = (port: number): Seen | undefined => socketsOf(pid).find(({ localPort }) => localPort === port)
  for (const end = Date.now() + 30_000; of(connected.port)?.enabled !== 1 && Date.now() < end;)
    await sleep(50)
  t.is(of(connected.port)?.enabled, 1)
  t.is(of(taken.port)?.enabled, 0)
  t.true(client.readable)
})

test('TCP_KEEPALIVE_REACH=process covers the threads that hooks miss', async (t) => {
  const port = await startServer(t)
  const env = { ...process.env, TCP_KEEPALIVE_REACH: 'process', TCP_KEEPALIVE_DETECT_WITHIN: '5s' }
  const program = fileURLToPath(new URL('threads.cjs', import.meta.url))
  const child = fork(program, [String(port)], { execArgv: ['--import', 'tcp-keepalive/register'], env })
  t.teardown(() => child.kill())
  await once(child, 'message')
  const values = { ...IDLE_HALF }
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const sockets = socketsOf(child.pid ?? 0).filter(({ peerPort }) => peerPort === port)
    if (sockets.length === 3 && sockets.every(({ enabled }) => enabled === 1)) break
  }
  const sockets = socketsOf(child.pid ?? 0).filter(({ peerPort }) => peerPort === port)
  t.is(sockets.length, 3)
  for (const { localPort: _, peerPort: __, userTimeout: ___, ...found } of sockets) {
    t.deepEqual({ ...found, userTimeout: 0 }, values)
  }
})
