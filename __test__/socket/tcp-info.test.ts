import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import test from 'ava'
import { getTcpInfo } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { connectedPair, rawDescriptor } from '../../lab/readback/readback.ts'

test('the silence grows from the last thing heard, and ends with the next', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  await sleep(400)
  const silent = getTcpInfo(client)
  t.is(silent.state, 'established')
  t.true((silent.silentFor ?? 0) >= 350, `${silent.silentFor}`)
  accepted.write('!')
  await once(client, 'data')
  const heard = getTcpInfo(client)
  t.true((heard.silentFor ?? Number.NaN) < 200, `${heard.silentFor}`)
  t.deepEqual([heard.unansweredProbes, heard.retransmits, heard.unacknowledged], [0, 0, 0])
  t.true((heard.roundTrip ?? 0) > 0 && (heard.roundTrip ?? 0) < 100, `${heard.roundTrip} ms`)
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

test('a TLS socket tells of the connection beneath', async (t) => {
  const server = tls.createServer(certificate).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const socket = tls.connect({ port, rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  t.is(getTcpInfo(socket).state, 'established')
})

test('what has no connection is refused as in getKeepAlive', async (t) => {
  t.throws(() => getTcpInfo(new net.Socket()), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
  t.throws(() => getTcpInfo(net.createServer()), { code: 'ERR_TCP_KEEPALIVE_NOT_LISTENING' })
  t.throws(() => getTcpInfo('3' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => getTcpInfo(999_999), { code: 'EBADF' })
  const { client, close } = await connectedPair()
  t.teardown(close)
  client.destroy()
  t.throws(() => getTcpInfo(client), { code: 'ERR_TCP_KEEPALIVE_DESTROYED' })
})
