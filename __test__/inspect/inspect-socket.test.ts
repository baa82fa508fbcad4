import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import {
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  type KeepAliveWarningCode,
  setKeepAlive,
  type SocketReport,
} from 'tcp-keepalive'
import { echoPort, startEcho } from '../../lab/network/echo.ts'
import { openLab } from '../../lab/network/lab.ts'
import { withLab } from '../needs.ts'
import { connectedPair, rawDescriptor, readback } from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }

function codes({ warnings }: SocketReport): KeepAliveWarningCode[] {
  return warnings.map(({ code }) => code)
}

test('a report equals what another process reads from the same socket', async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  t.deepEqual(codes(inspectSocket(client)), ['off', 'no-user-timeout'])
  setKeepAlive(client, ASKED)
  const report = inspectSocket(client)
  const { enabled, time, interval, retries, userTimeout } = readback(client)
  t.deepEqual(report.keepAlive, {
    enabled: enabled === 1,
    time: time * 1000,
    interval: interval * 1000,
    retries,
    userTimeout,
  })
  t.deepEqual(report.remote, { address: '127.0.0.1', port })
  t.deepEqual(report.local, { address: '127.0.0.1', port: client.localPort ?? 0 })
  t.is(report.descriptor, rawDescriptor(client))
  t.deepEqual(report.detection, { idle: 26_000, write: 26_000, connect: 25_500 })
  t.is(report.tcpInfo?.state, 'established')
  t.is(report.heldBy, undefined)
  t.deepEqual(report.warnings, [])
})

test('the addresses of an IPv6 socket are reported as text, and v4-mapped ones as IPv4', async (t) => {
  for (const [host, to, address] of [
    ['::1', '::1', '::1'],
    ['::', '127.0.0.1', '127.0.0.1'],
  ] as const) {
    const { client, accepted, close } = await connectedPair(host, to)
    t.teardown(close)
    t.is(inspectSocket(accepted).remote?.address, address)
    t.is(inspectSocket(accepted).remote?.port, client.localPort)
  }
})

test("overwritten values are reported, and the program's own changes are not", async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, ASKED)
  client.setKeepAlive(true, 60_000) // like a driver
  const warning = inspectSocket(client).warnings.find(({ code }) => code === 'overwritten')
  t.regex(warning?.message ?? '', /time 16 s is now 1 min, interval 2 s is now 1 s, retries 5 is now 10/)
  setKeepAlive(client, { time: 30_000, userTimeout: 0 })
  t.true(codes(inspectSocket(client)).includes('overwritten')) // the interval is still the overwritten one
  setKeepAlive(client, ASKED)
  t.deepEqual(codes(inspectSocket(client)), [])
})

test('a socket that has connected again is not reported as overwritten', async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, ASKED)
  client.destroy()
  await once(client, 'close')
  client.connect(port, '127.0.0.1')
  await once(client, 'connect')
  t.deepEqual(codes(inspectSocket(client)), ['off', 'no-user-timeout']) // a set applies to one connection, and Node repeats nothing
})

test('the report says whether values are held, and by what', async (t) => {
  const { client, port, close } = await connectedPair()
  t.teardown(close)
  const hold = holdKeepAlive(client, ASKED)
  t.is(inspectSocket(client).heldBy, 'hold')
  const all = inspectSockets()
  t.is(all.find(({ descriptor }) => descriptor === rawDescriptor(client))?.heldBy, 'hold')
  hold.release()
  t.is(inspectSocket(client).heldBy, undefined)

  const install = installKeepAlive(ASKED, { match: port })
  t.teardown(() => install.uninstall())
  const installed = net.connect(port, '127.0.0.1')
  t.teardown(() => installed.destroy())
  await once(installed, 'connect')
  t.is(inspectSocket(installed).heldBy, 'install')
})

test('the very long user timeout of a lifted connection is reported by its descriptor like none', async (t) => {
  if (process.platform !== 'linux') return void t.pass('lifting is only on Linux')
  const { client, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, { time: 5000, interval: 1000, retries: 3 })
  const report = (userTimeout: number) => {
    setKeepAlive(client, { userTimeout })
    const { keepAlive, detection, warnings } = inspectSocket(rawDescriptor(client))
    t.is(keepAlive.userTimeout, userTimeout)
    return { detection, codes: warnings.map(({ code }) => code) }
  }
  const none = report(0)
  t.deepEqual(report(924_600), none)
  t.deepEqual(report(2 * 924_600), none)
  t.true(report(900_000).codes.includes('contradiction'))
})

test('a server has no peer, so it gets no warning', async (t) => {
  const { server, port, close } = await connectedPair()
  t.teardown(close)
  const report = inspectSocket(server)
  t.like(report, { local: { address: '127.0.0.1', port }, remote: undefined, warnings: [] })
})

test('a socket that has no JavaScript object is found too', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, ASKED)
  const program = `console.log(JSON.stringify(require('tcp-keepalive').inspectSockets()))`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', rawDescriptor(client)],
  })
  t.is(stderr, '')
  const reports = JSON.parse(stdout) as SocketReport[]
  t.like(reports, [{ descriptor: 3, local: { port: client.localPort }, keepAlive: { time: 16_000 } }])
})

test('many kinds of values: each report has its own, and a shared object cannot be changed', async (t) => {
  const pairs = await Promise.all(Array.from({ length: 12 }, () => connectedPair()))
  t.teardown(() => {
    for (const { close } of pairs) close()
  })
  const clients = pairs.map(({ client }) => client)
  for (const [index, client] of clients.entries())
    setKeepAlive(client, { ...ASKED, time: 16_000 + index * 1000 })
  const all = inspectSockets()
  const told = clients.map((client) => all.find(({ descriptor }) => descriptor === rawDescriptor(client)))
  t.deepEqual(
    told.map((report) => report?.keepAlive.time),
    clients.map((client) => readback(client).time * 1000),
  )
  t.deepEqual(
    told.map((report) => report?.detection),
    clients.map((client) => inspectSocket(client).detection),
  )
  const off = all.filter(({ remote, keepAlive }) => remote !== undefined && !keepAlive.enabled)
  t.true(off.length >= 12) // the accepted ends
  t.true(
    off.every(({ warnings }) => Object.isFrozen(warnings) && warnings.every((one) => Object.isFrozen(one))),
  )
  t.true(off.every(({ keepAlive, detection }) => Object.isFrozen(keepAlive) && Object.isFrozen(detection)))
})

test('a socket without a connection is refused as in getKeepAlive', (t) => {
  t.throws(() => inspectSocket(new net.Socket()), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  t.throws(() => inspectSocket(net.createServer()), { code: 'ERR_TCP_KEEPALIVE_NOT_LISTENING' })
  t.throws(() => inspectSocket(999_999), { code: 'EBADF' })
})

withLab('across a network a late first probe gets a warning, and an early one does not', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const told = await lab.client.run(
    async ({ host, port }) => {
      const { default: events } = await import('node:events')
      const net = await import('node:net')
      const { inspectSocket, setKeepAlive } = await import('tcp-keepalive')
      const socket = net.connect(port, host)
      await events.once(socket, 'connect')
      const of = (time: number): string[] => {
        setKeepAlive(socket, { time, interval: 30_000, retries: 3, userTimeout: time + 85_000 })
        return inspectSocket(socket).warnings.map(({ code }) => code)
      }
      return [of(300_000), of(200_000)]
    },
    { host: lab.server.address, port: echoPort },
  )
  t.deepEqual(told, [['middlebox'], []])
})
