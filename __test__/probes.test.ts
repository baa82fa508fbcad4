/** What a probe can meet, and what each of the values means, proven by packets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { converse } from '../lab/network/connections.ts'
import { keepAliveProbes, type KeepAliveProbe } from '../lab/network/keepalive-probes.ts'
import { openLab } from '../lab/network/lab.ts'
import type { TcpPacket } from '../lab/network/pcap.ts'
import { withLab } from './needs.ts'

/**
 * How far a packet may be from its time: Linux's timers of a few seconds are up to an eighth late (kernel/time/timer.c),
 * and that is 0.25 s for the 2 s between the probes here; the rest is for a busy machine.
 */
const SPACING_MS = 350

/** The gaps in seconds from the last packet before the probes to the first probe, and on from there. */
function gaps(packets: readonly TcpPacket[], probes: readonly KeepAliveProbe[]): number[] {
  const first = probes[0]
  if (!first) return []
  const lastHeard = packets.findLast(({ at, to }) => at < first.at && to.port === first.from.port)
  return probes.map(({ at }, index) => (at - (probes[index - 1] ?? lastHeard ?? first).at) / 1000)
}

withLab(
  'no answer: the first probe after time, the next after interval, retries of them, then ETIMEDOUT',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    const connection = await converse(lab, { idle: { time: 3000, interval: 2000, retries: 3 } })
    await lab.cut()
    const loss = await connection.loss()
    await sleep(2500) // longer than an interval: there is no probe after the end
    await capture.stop()

    const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
    t.is(probes.length, 3)
    for (const [index, gap] of gaps(capture.packets, probes).entries()) {
      const expected = index === 0 ? 3 : 2
      t.true(Math.abs(gap - expected) * 1000 <= SPACING_MS, `gap ${index} is ${gap} s, not ${expected} s`)
    }
    t.true(probes.every(({ answer }) => answer === undefined))
    t.is(loss.code, 'ETIMEDOUT')
    t.is(loss.outcome, 'no-answer')
    // time + interval × retries = 9 s; each of the four timers may be late, and the program may have heard late
    const silent = loss.lostAt - loss.heardAt
    t.true(silent >= 9000 - SPACING_MS && silent <= 9000 + 4 * SPACING_MS, `told after ${silent} ms`)
  },
)

withLab('acknowledged: the connection stays open and is probed again after time', async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture()
  const connection = await converse(lab, { idle: { time: 2000, interval: 1000, retries: 2 } })
  await sleep(7000) // time for three probes 2 s apart, the last with a second to spare
  await capture.stop()
  const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
  t.is(probes.length, 3)
  for (const gap of gaps(capture.packets, probes)) {
    t.true(Math.abs(gap - 2) * 1000 <= SPACING_MS, `a gap is ${gap} s, not 2 s`)
  }
  t.true(probes.every(({ answer }) => answer?.flags.ack === true && !answer.flags.rst))
  t.deepEqual(connection.losses, [])
})

withLab(
  'reset: a peer that was restarted answers the next probe with RST, and that is ECONNRESET',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    const connection = await converse(lab, { idle: { time: 4000, interval: 1000, retries: 3 } })
    await lab.reboot()
    const loss = await connection.loss()
    await capture.stop()
    const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
    t.is(probes.length, 1)
    t.true(probes[0]?.answer?.flags.rst)
    t.is(loss.code, 'ECONNRESET')
    t.is(loss.outcome, 'reset')
    const silent = loss.lostAt - loss.heardAt
    // An eighth of 4 s is half a second; the rest is for a busy machine.
    t.true(silent >= 4000 - SPACING_MS && silent <= 4000 + 500 + SPACING_MS, `told after ${silent} ms`)
  },
)

withLab(
  'unreachable with data in flight: the ICMP error becomes EHOSTUNREACH when the user timeout is over',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    const options = { time: 20_000, interval: 1000, retries: 3, userTimeout: 3000 }
    const connection = await converse(lab, { writing: options })
    await lab.unreachable()
    connection.write('writing')
    const loss = await connection.loss()
    await capture.stop()
    t.true(capture.icmp.some(({ icmp }) => icmp === 'host-unreachable'))
    t.is(keepAliveProbes(capture.packets, { from: lab.client.address }).length, 0)
    t.is(loss.code, 'EHOSTUNREACH')
    // The user timeout of 3 s is counted from the first retransmission, some 0.2 s after the write, by a late timer.
    const waited = loss.lostAt - loss.wroteAt
    t.true(waited >= 3000 - SPACING_MS && waited <= 3500 + 375 + SPACING_MS, `told after ${waited} ms`)
    t.is(loss.outcome, 'unreachable')
  },
)

withLab("unreachable while idle: Linux ignores a probe's ICMP error, and the end is ETIMEDOUT", async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture()
  const connection = await converse(lab, { idle: { time: 1000, interval: 1000, retries: 3 } })
  await lab.unreachable()
  const loss = await connection.loss()
  await capture.stop()
  const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
  t.is(probes.length, 3)
  // Each probe is answered. (A fourth answer is to the RST with which the kernel takes its leave.)
  t.deepEqual(
    capture.icmp.slice(0, 3).map(({ about }) => about?.seq),
    probes.map(({ seq }) => seq),
  )
  t.is(loss.code, 'ETIMEDOUT')
})
