import test from 'ava'

import { keepAliveProbes } from '../../lab/network/keepalive-probes.ts'
import type { TcpPacket } from '../../lab/network/packets.ts'

const client = { address: '10.9.1.1', port: 50_000 }
const server = { address: '10.9.2.1', port: 7000 }
const quiet = { syn: false, ack: true, fin: false, rst: false, psh: false }

let clock = 0
function packet(
  way: 'to server' | 'to client',
  seq: number,
  ack: number,
  more: Partial<TcpPacket> = {},
): TcpPacket {
  const [from, to] = way === 'to server' ? [client, server] : [server, client]
  return { kind: 'tcp', at: clock++, from, to, flags: quiet, seq, ack, length: 0, ...more }
}

const syn = packet('to server', 99, 0, { flags: { ...quiet, syn: true, ack: false } })
const synAck = packet('to client', 499, 100, { flags: { ...quiet, syn: true } })
const plainAck = packet('to server', 100, 500)
const data = packet('to server', 100, 500, { length: 10 })
const dataAck = packet('to client', 500, 110)
const probe = packet('to server', 109, 500)
const answer = packet('to client', 500, 110)

test('a probe is an empty ACK one byte before the next sequence number', (t) => {
  const probes = keepAliveProbes([syn, synAck, plainAck, data, dataAck, probe, answer])
  t.deepEqual(probes, [{ ...probe, answer }])
})

test('probes without an answer are marked as such', (t) => {
  const again = { ...probe, at: 1000 }
  const probes = keepAliveProbes([syn, synAck, plainAck, data, dataAck, probe, again, answer])
  t.deepEqual(
    probes.map((one) => one.answer),
    [undefined, answer],
  )
})

test('an RST is an answer', (t) => {
  const reset = packet('to client', 500, 0, { flags: { ...quiet, ack: false, rst: true } })
  t.is(keepAliveProbes([dataAck, probe, reset])[0]?.answer, reset)
})

test('in a connection older than the capture the answer identifies the first probe', (t) => {
  t.deepEqual(keepAliveProbes([probe, answer]), [{ ...probe, answer }])
})

test('both sides may probe at the same time', (t) => {
  const theirs = packet('to client', 499, 110)
  const mine = packet('to server', 110, 500)
  const probes = keepAliveProbes([syn, synAck, plainAck, data, dataAck, theirs, mine])
  t.deepEqual(probes, [{ ...theirs, answer: mine }])
  t.deepEqual(keepAliveProbes([syn, synAck, theirs, mine], { from: client.address }), [])
  t.is(keepAliveProbes([syn, synAck, theirs, mine], { from: server }).length, 1)
})

test('sequence numbers wrap around', (t) => {
  const last = packet('to server', 0xffff_fffe, 500, { length: 2 }) // the next byte has number 0
  const round = packet('to server', 0xffff_ffff, 500)
  t.is(keepAliveProbes([last, round]).length, 1)
})

test('retransmitted data and plain acknowledgements are not probes', (t) => {
  t.deepEqual(
    keepAliveProbes([syn, synAck, plainAck, data, data, dataAck, packet('to server', 110, 600)]),
    [],
  )
})
