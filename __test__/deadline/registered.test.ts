/** Which sockets the sweep watches, for each call that sets a deadline, and what remains afterwards. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import {
  getKeepAlive,
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  type KeepAliveOptions,
  setKeepAlive,
} from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { connected, listening, tracked } from '../hold/sockets.ts'
import {
  deadlineOf,
  isLiftedNow,
  MUCH,
  rtoMaxWith,
  stoppedReader,
  systemRtoMax,
  until,
} from './kernel-values.ts'

const linux = process.platform === 'linux' ? test.serial : test.serial.skip

const DEADLINE = { detectWithin: 6000 }
const SOLVED = 4500

/** Each way to set a deadline, with the way to end it. */
const WAYS: Readonly<Record<string, (socket: net.Socket, options: KeepAliveOptions) => () => void>> = {
  set(socket, options) {
    setKeepAlive(socket, options)
    return () => {}
  },
  hold(socket, options) {
    const hold = holdKeepAlive(socket, options)
    return () => hold.release()
  },
  install(_socket, options) {
    const install = installKeepAlive(options)
    return () => install.uninstall()
  },
}

const METHODS = ['connect', 'setKeepAlive', '_destroy'].map((name) => Reflect.get(net.Socket.prototype, name))

function methodsNow(): unknown[] {
  return ['connect', 'setKeepAlive', '_destroy'].map(
    (name) => Reflect.get(net.Socket.prototype, name) as unknown,
  )
}

/** Released at the end of the test, so that no method stays wrapped for the next test. */
function held(t: ExecutionContext, ...args: Parameters<typeof holdKeepAlive>): void {
  const hold = holdKeepAlive(...args)
  t.teardown(() => hold.release())
}

async function fill(socket: net.Socket): Promise<void> {
  socket.write(Buffer.alloc(MUCH))
  await until(() => deadlineOf(socket)[0] === 0)
}

for (const [way, ask] of Object.entries(WAYS)) {
  linux(
    `${way}: the values are set at 'connect', and the user timeout is lifted while the peer does not read`,
    async (t) => {
      const { port } = await stoppedReader(t)
      const socket = tracked(t, new net.Socket())
      const end = ask(socket, DEADLINE)
      socket.connect(port, '127.0.0.1')
      await once(socket, 'connect')
      t.is(deadlineOf(socket)[0], SOLVED)
      await until(() => deadlineOf(socket)[1] === rtoMaxWith(6000)) // after a quick handshake at the first sweep
      t.is(deadlineOf(socket)[0], SOLVED)
      await fill(socket)
      t.true(isLiftedNow(socket, 6000))
      t.is(getKeepAlive(socket).userTimeout, 0, 'getKeepAlive tells what the kernel holds')
      end()
      socket.destroy()
      await once(socket, 'close')
      t.deepEqual(methodsNow(), METHODS)
    },
  )
}

async function secured(t: ExecutionContext): Promise<tls.TLSSocket> {
  const server = tls.createServer({ ...certificate, pauseOnConnect: true })
  const { port } = await listening(t, server)
  server.on('secureConnection', (socket: tls.TLSSocket) => {
    socket.on('error', () => {})
    socket.pause()
  })
  const socket = tracked(t, tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }))
  await once(socket, 'secureConnect')
  return socket
}

linux('TLS, by itself and around a socket: the underlying connection is watched', async (t) => {
  const alone = await secured(t)
  setKeepAlive(alone, DEADLINE)
  await fill(alone)
  t.true(inspectSocket(alone).lifted)

  const server = tls.createServer(certificate)
  const { port } = await listening(t, server)
  server.on('secureConnection', (socket: tls.TLSSocket) => socket.on('error', () => {}).pause())
  const raw = await connected(t, net.connect(port, '127.0.0.1'))
  const around = tracked(t, tls.connect({ socket: raw, rejectUnauthorized: false }))
  await once(around, 'secureConnect')
  held(t, around, DEADLINE)
  t.deepEqual(deadlineOf(raw), [SOLVED, rtoMaxWith(6000)])
  await fill(around)
  t.true(inspectSocket(around).lifted)
})

for (const way of ['set', 'hold'] as const) {
  linux(`${way} on a server: its accepted connections are watched`, async (t) => {
    const server = net.createServer()
    if (way === 'set') setKeepAlive(server, DEADLINE)
    else held(t, server, DEADLINE)
    const { port } = await listening(t, server)
    const accepting = once(server, 'connection') as Promise<[net.Socket]>
    const client = await connected(t, net.connect(port, '127.0.0.1'))
    client.pause()
    const [accepted] = await accepting
    t.deepEqual(deadlineOf(accepted), [SOLVED, rtoMaxWith(6000)])
    await fill(accepted)
    t.true(isLiftedNow(accepted, 6000))
    t.true(inspectSocket(accepted).lifted)
  })
}

linux(
  "connections accepted after the server got a user timeout of its own follow the kernel's rule",
  async (t) => {
    const { server, port } = await listening(t)
    setKeepAlive(server, DEADLINE)
    setKeepAlive(server, { userTimeout: 9000 })
    const accepting = once(server, 'connection') as Promise<[net.Socket]>
    tracked(t, net.connect(port, '127.0.0.1'))
    const [accepted] = await accepting
    t.deepEqual(deadlineOf(accepted), [9000, systemRtoMax()])
  },
)

linux("a raw descriptor, and a number given as userTimeout, follow the kernel's rule", async (t) => {
  const { port } = await stoppedReader(t)
  const raw = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive((raw as unknown as { _handle: { fd: number } })._handle.fd, DEADLINE)
  const named = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(named, { userTimeout: SOLVED })
  const lifted = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(lifted, DEADLINE)
  for (const socket of [raw, named]) socket.write(Buffer.alloc(MUCH))
  await fill(lifted) // the others would be lifted by then
  for (const socket of [raw, named]) t.deepEqual(deadlineOf(socket), [SOLVED, systemRtoMax()])
})

linux(
  'while the user timeout is lifted, it is not reported as overwritten, and counts as the deadline',
  async (t) => {
    const { port } = await stoppedReader(t)
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    held(t, socket, DEADLINE)
    const before = inspectSocket(socket)
    t.false(before.lifted)
    await fill(socket)
    for (const report of [
      inspectSocket(socket),
      inspectSockets().find(({ descriptor }) => descriptor === before.descriptor),
    ]) {
      t.is(report?.lifted, true)
      t.is(report?.keepAlive.userTimeout, 0)
      t.deepEqual(report?.detection, before.detection)
      t.deepEqual(report?.warnings, before.warnings)
    }
    socket.setKeepAlive(true, 5000) // a driver's call, after which the hold checks whether its values are still set
    socket.setKeepAlive(true, 9000)
    t.true(isLiftedNow(socket, 6000), 'the user timeout is not put back over a closed window')
  },
)

linux('a deadline that is set while the window is closed starts lifted', async (t) => {
  const { port } = await stoppedReader(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const other = await connected(t, net.connect(port, '127.0.0.1'))
  setKeepAlive(other, DEADLINE)
  socket.write(Buffer.alloc(MUCH))
  await fill(other) // so that the window of the first closes too
  setKeepAlive(socket, DEADLINE)
  t.true(isLiftedNow(socket, 6000))
  setKeepAlive(socket, { detectWithin: 10_000 })
  t.deepEqual(deadlineOf(socket), [0, rtoMaxWith(10_000)])
})

linux('TCP_RTO_MAX_MS is restored on release, by false, and by a user timeout of the program', async (t) => {
  const { port } = await stoppedReader(t)
  const connect = async (): Promise<net.Socket> => connected(t, net.connect(port, '127.0.0.1'))
  const again = await connect()
  const hold = holdKeepAlive(again, DEADLINE)
  t.deepEqual(deadlineOf(again), [SOLVED, rtoMaxWith(6000)])
  hold.release()
  t.deepEqual(deadlineOf(again), [SOLVED, systemRtoMax()])
  await fill(again) // the user timeout stays in the kernel, so it must not end a living peer
  held(t, again, DEADLINE)
  t.true(isLiftedNow(again, 6000))

  const off = await connect()
  setKeepAlive(off, DEADLINE)
  setKeepAlive(off, false)
  t.deepEqual(deadlineOf(off), [SOLVED, systemRtoMax()])

  for (const userTimeout of [0, 7000]) {
    const own = await connect()
    setKeepAlive(own, DEADLINE)
    setKeepAlive(own, { userTimeout })
    t.deepEqual(deadlineOf(own), [userTimeout, systemRtoMax()])
    own.write(Buffer.alloc(MUCH))
  }
})

linux(
  'a user timeout of the program on a lifted connection stays, also if it equals what lifting sets',
  async (t) => {
    const { port } = await stoppedReader(t)
    // The last value is that of a lifted connection with data in flight.
    for (const options of [
      { userTimeout: 0 },
      { ...DEADLINE, userTimeout: 0 as const },
      { userTimeout: 924_600 },
    ]) {
      const { userTimeout } = options
      for (const way of ['set', 'hold'] as const) {
        const socket = await connected(t, net.connect(port, '127.0.0.1'))
        setKeepAlive(socket, DEADLINE)
        await fill(socket)
        const end = WAYS[way]?.(socket, options)
        t.deepEqual(deadlineOf(socket), [userTimeout, systemRtoMax()], way)
        t.false(inspectSocket(socket).lifted)
        end?.()
        t.deepEqual(deadlineOf(socket), [userTimeout, systemRtoMax()], way)
        socket.destroy()
      }
    }
  },
)

linux(
  "a set that does not change the user timeout keeps the deadline, also while it waits for 'connect'",
  async (t) => {
    const { port } = await stoppedReader(t)
    const socket = tracked(t, new net.Socket())
    setKeepAlive(socket, DEADLINE)
    setKeepAlive(socket, { time: 9000 })
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    t.is(getKeepAlive(socket).time, 9000)
    t.deepEqual(deadlineOf(socket), [SOLVED, rtoMaxWith(6000)])
    setKeepAlive(socket, { retries: 2 })
    t.deepEqual(deadlineOf(socket), [SOLVED, rtoMaxWith(6000)])
    await fill(socket)
    setKeepAlive(socket, { retries: 3 })
    t.true(isLiftedNow(socket, 6000))
  },
)

linux('sockets that are opened and closed leave no timer, no listener and no wrapped method', async (t) => {
  const { port, accepted } = await listening(t)
  const exits = process.listenerCount('exit')
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  for (let time = 0; time < 3; time++) {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, async () => connected(t, net.connect(port, '127.0.0.1'))),
    )
    for (const socket of sockets) setKeepAlive(socket, DEADLINE)
    t.not(Reflect.get(net.Socket.prototype, '_destroy'), METHODS[2])
    for (const socket of sockets) socket.destroy()
    await Promise.all(sockets.map(async (socket) => socket.closed || once(socket, 'close')))
    for (const socket of accepted.splice(0)) socket.destroy()
  }
  t.deepEqual(methodsNow(), METHODS)
  t.is(process.listenerCount('exit'), exits)
  t.true(timers() <= before)
})
