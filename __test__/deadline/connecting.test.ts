/** How long a program waits for an address that does not answer. */
import { once } from 'node:events'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import {
  holdKeepAlive,
  installKeepAlive,
  type KeepAliveOptions,
  planKeepAlive,
  setKeepAlive,
} from 'tcp-keepalive'
import { listening, tracked } from '../hold/sockets.ts'
import { deadlineOf, rtoMaxWith, systemRtoMax, until } from './kernel-values.ts'
import { swallowing } from './swallowed.ts'

const DEADLINE = { detectWithin: 5000 }
const { settings, detection } = planKeepAlive(DEADLINE)
const SOLVED = settings.userTimeout ?? 0

/** A lookup of a name that resolves to the given addresses. */
function lookup(...addresses: string[]): net.LookupFunction {
  return (...args) => void setImmediate(() => atOnce(...addresses)(...args))
}

/** The same, by a resolver that has the answer cached and calls back before it returns. */
function atOnce(...addresses: string[]): net.LookupFunction {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
  return (_name, { all }, done) => {
    if (all) done(null, found)
    else done(null, found[0]?.address ?? '', found[0]?.family ?? 0)
  }
}

/** The user timeout is set. TCP_RTO_MAX_MS is set at the first sweep if the connection was made quickly. */
async function isBounded(t: ExecutionContext, socket: net.Socket): Promise<void> {
  t.is(deadlineOf(socket)[0], SOLVED)
  await until(() => deadlineOf(socket)[1] === rtoMaxWith(5000))
  t.is(deadlineOf(socket)[0], SOLVED)
}

/** The error with which a socket ends. */
async function ended(socket: net.Socket): Promise<NodeJS.ErrnoException | null> {
  await new Promise((resolve) => socket.once('close', resolve))
  return socket.errored
}

type Begin = (t: ExecutionContext, to: net.TcpNetConnectOpts) => net.Socket

/** Each way to set a deadline, before and after `connect()`. */
const WAYS: Readonly<Record<string, Begin>> = {
  'set before connect()'(t, to) {
    const socket = tracked(t, new net.Socket())
    setKeepAlive(socket, DEADLINE)
    return socket.connect(to)
  },
  'set after connect()'(t, to) {
    const socket = tracked(t, net.connect(to))
    setKeepAlive(socket, DEADLINE)
    return socket
  },
  'hold before connect()'(t, to) {
    const socket = tracked(t, new net.Socket())
    const hold = holdKeepAlive(socket, DEADLINE)
    t.teardown(() => hold.release())
    return socket.connect(to)
  },
  'hold after connect()'(t, to) {
    const socket = tracked(t, net.connect(to))
    const hold = holdKeepAlive(socket, DEADLINE)
    t.teardown(() => hold.release())
    return socket
  },
  install(t, to) {
    const install = installKeepAlive(DEADLINE, { match: [`*:${to.port}`] })
    t.teardown(() => install.uninstall())
    return tracked(t, net.connect(to))
  },
}

type To = readonly [name: string, host: string, address: string, by: typeof lookup]

const DESTINATIONS: readonly To[] = [
  ['IPv4', '127.0.0.1', '127.0.0.1', lookup],
  ['IPv6', '::1', '::1', lookup],
  ['a name', 'dead.test', '127.0.0.1', lookup],
  ['a name that is known at once', 'dead.test', '127.0.0.1', atOnce],
]

for (const [way, begin] of Object.entries(WAYS)) {
  for (const [what, host, address, by] of DESTINATIONS) {
    test(`${way}, to ${what} that swallows SYNs: ETIMEDOUT by the deadline`, async (t) => {
      const port = await swallowing(t, address)
      const from = performance.now()
      const socket = begin(t, { port, host, lookup: by(address) })
      const error = await ended(socket)
      t.is(error?.code, 'ETIMEDOUT')
      t.is(error?.syscall, 'connect')
      t.log(`${(performance.now() - from).toFixed()} ms`)
      t.true(performance.now() - from >= (detection.connect ?? Number.NaN) - 100)
    })
  }

  test(`${way}, to a name with two addresses: each attempt is limited, and the living address is reached`, async (t) => {
    const { server } = await listening(t, net.createServer(), 0, '127.0.0.1')
    const { port } = server.address() as net.AddressInfo
    const seen: number[] = []
    const socket = begin(t, {
      port,
      host: 'two.test',
      lookup: lookup('::1', '127.0.0.1'),
      autoSelectFamily: true,
    })
    socket.on('connectionAttempt', () => {
      // Two ticks later, because ours is set one tick after.
      process.nextTick(() => process.nextTick(() => seen.push(deadlineOf(socket)[0])))
    })
    await once(socket, 'connect')
    t.deepEqual(seen, [SOLVED, SOLVED])
    await isBounded(t, socket)
  })
}

test.serial('happy eyeballs: the first address swallows SYNs, and the second is reached', async (t) => {
  const dead = await swallowing(t, '::1')
  const { port } = await listening(t, net.createServer(), dead, '127.0.0.1')
  const install = installKeepAlive(DEADLINE)
  t.teardown(() => install.uninstall())
  const attempts: string[] = []
  const timeouts: number[] = []
  const socket = tracked(
    t,
    net.connect({ port, host: 'two.test', lookup: lookup('::1', '127.0.0.1'), autoSelectFamily: true }),
  )
  socket.on('connectionAttempt', (address: string) => {
    attempts.push(address)
    process.nextTick(() => process.nextTick(() => timeouts.push(deadlineOf(socket)[0])))
  })
  await once(socket, 'connect')
  t.is(socket.remoteAddress, '127.0.0.1')
  t.deepEqual(attempts, ['::1', '127.0.0.1'])
  t.deepEqual(timeouts, [SOLVED, SOLVED])
  await isBounded(t, socket)
})

test('happy eyeballs: if no address answers, the last attempt ends by the deadline', async (t) => {
  const dead = await swallowing(t, '127.0.0.1')
  const socket = tracked(t, new net.Socket())
  setKeepAlive(socket, DEADLINE)
  const from = performance.now()
  socket.connect({
    port: dead,
    host: 'two.test',
    lookup: lookup('::1', '127.0.0.1'),
    autoSelectFamily: true,
  })
  const error = await ended(socket)
  t.true(performance.now() - from >= (detection.connect ?? Number.NaN) - 100)
  const { errors = [] } = error as unknown as AggregateError
  t.deepEqual(
    errors.map((error: NodeJS.ErrnoException) => error.code),
    ['ECONNREFUSED', 'ETIMEDOUT'],
  )
})

test('a user timeout set by the program also limits connecting', async (t) => {
  const port = await swallowing(t, '127.0.0.1')
  const socket = tracked(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, { userTimeout: 1500 })
  t.is((await ended(socket))?.code, 'ETIMEDOUT')
})

test("a client's own shorter connect timeout wins", async (t) => {
  const port = await swallowing(t, '127.0.0.1')
  const socket = tracked(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(socket, DEADLINE)
  socket.setTimeout(200, () => socket.destroy(new Error('of the client')))
  t.is((await ended(socket))?.message, 'of the client')
})

const NOBODY: ReadonlyArray<readonly [string, KeepAliveOptions, Parameters<typeof installKeepAlive>[1]]> = [
  ['an install whose function returns false at connect', DEADLINE, { match: () => false }],
  ['an install for an address to which the name does not resolve', DEADLINE, { match: '10.0.0.0/8:*' }],
]
for (const [what, options, scope] of NOBODY) {
  test.serial(`${what} keeps the system's own rule`, async (t) => {
    const { port } = await listening(t)
    const install = installKeepAlive(options, scope)
    t.teardown(() => install.uninstall())
    const socket = tracked(t, net.connect({ port, host: 'some.test', lookup: lookup('127.0.0.1') }))
    await once(socket, 'connect')
    t.deepEqual(deadlineOf(socket), [0, systemRtoMax()])
  })
}

test.serial('a set keeps its user timeout if an install does not match the address', async (t) => {
  const { port } = await listening(t)
  const install = installKeepAlive({ detectWithin: 9000 }, { match: () => false })
  t.teardown(() => install.uninstall())
  const socket = tracked(t, net.connect({ port, host: 'some.test', lookup: lookup('127.0.0.1') }))
  setKeepAlive(socket, DEADLINE)
  await once(socket, 'connect')
  t.deepEqual(deadlineOf(socket), [SOLVED, rtoMaxWith(5000)])
})
