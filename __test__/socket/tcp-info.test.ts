import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import test from 'ava'
import { getTcpInfo } from 'tcp-keepalive'
import { tcpInfoFrom } from '../../src/socket/tcp-info.ts'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, rawDescriptor } from '../../lab/readback/readback.ts'
import { KERNEL_MS } from '../../lab/timing.ts'

test('the silence grows from the last packet received, and ends with the next', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  const beganAt = performance.now()
  await sleep(400)
  const silent = getTcpInfo(client)
  t.is(silent.state, 'established')
  t.true((silent.silentFor ?? 0) >= 350, `${silent.silentFor}`)
  const wroteAt = performance.now()
  accepted.write('!')
  await once(client, 'data')
  const heard = getTcpInfo(client)
  const most = performance.now() - wroteAt + KERNEL_MS
  t.true((heard.silentFor ?? Number.NaN) <= most, `${heard.silentFor} of ${most}`)
  t.deepEqual([heard.unansweredProbes, heard.retransmits, heard.unacknowledged], [0, 0, 0])
  const whole = performance.now() - beganAt + KERNEL_MS
  t.true((heard.roundTrip ?? 0) > 0 && (heard.roundTrip ?? 0) <= whole, `${heard.roundTrip} ms`)
  t.true((heard.retransmissionTimeout ?? 0) >= 200, `${heard.retransmissionTimeout} ms`)
})

test('the state is that of the connection', async (t) => {
  const { client, accepted, server, close } = await connectedPair()
  t.teardown(close)
  t.is(getTcpInfo(server).state, 'listen')
  t.is(getTcpInfo(server).silentFor, undefined)
  client.allowHalfOpen = true
  accepted.end()
  await once(client.resume(), 'end')
  t.is(getTcpInfo(client).state, 'close-wait')
  t.regex(getTcpInfo(rawDescriptor(accepted)).state, /^fin-wait-[12]$/) // 2 when acknowledged
})

test('a TLS socket reports the underlying connection', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const socket = tls.connect({ port, rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  t.is(getTcpInfo(socket).state, 'established')
})

test('data that the peer does not accept is unsent until it reads again', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  t.is(getTcpInfo(client).unsent, 0)
  accepted.pause()
  client.write(Buffer.alloc(16 << 20)) // more than the buffers of both ends hold
  await waitFor(() => (getTcpInfo(client).unsent ?? 0) > 0 && getTcpInfo(client).unacknowledged === 0)
  accepted.resume()
  await waitFor(() => getTcpInfo(client).unsent === 0 && client.writableLength === 0)
  t.is(getTcpInfo(accepted).unsent, 0)
})

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20)
}

test('each number of the binding is in the right field', (t) => {
  t.deepEqual(tcpInfoFrom(new Int32Array([0, 4, 1, 2, 3, 5, 6, 7000, 8000, 9000, 10]), 1), {
    state: 'established',
    silentFor: 1,
    unansweredProbes: 2,
    retransmits: 3,
    totalRetransmits: 5,
    unacknowledged: 6,
    unsent: 10,
    roundTrip: 7,
    roundTripVariance: 8,
    retransmissionTimeout: 9,
  })
})

const hasSs = spawnSync('ss', ['--version']).status === 0
const withSs = hasSs ? test : test.skip

withSs('the round trip, its variance and the retransmission timeout equal those of ss', async (t) => {
  const { client, accepted, port, close } = await connectedPair()
  t.teardown(close)
  accepted.write('!')
  await once(client, 'data')
  const { roundTrip, roundTripVariance, retransmissionTimeout } = getTcpInfo(client)
  // From here on nothing is sent, so nothing changes. ss also rounds to a microsecond.
  const told = execFileSync('ss', ['-tinH', 'state', 'established', `dport = :${port}`], { encoding: 'utf8' })
  const number = (pattern: RegExp): number => Number(pattern.exec(told)?.[1])
  t.is(roundTrip, number(/ rtt:([\d.]+)\//), told)
  t.is(roundTripVariance, number(/ rtt:[\d.]+\/([\d.]+)/), told)
  t.true(Math.abs((retransmissionTimeout ?? 0) - number(/ rto:([\d.]+)/)) < 1, told)
})

test('a socket without a connection is refused as in getKeepAlive', async (t) => {
  t.throws(() => getTcpInfo(new net.Socket()), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  t.throws(() => getTcpInfo(net.createServer()), { code: 'ERR_TCP_KEEPALIVE_NOT_LISTENING' })
  t.throws(() => getTcpInfo('3' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => getTcpInfo(999_999), { code: 'EBADF' })
  const { client, close } = await connectedPair()
  t.teardown(close)
  client.destroy()
  t.throws(() => getTcpInfo(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
})
