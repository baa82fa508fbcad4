/** What a probe can meet, and the meaning of each value, shown by packets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { converse, type Loss } from '../lab/network/connections.ts'
import { keepAliveProbes, type KeepAliveProbe } from '../lab/network/keepalive-probes.ts'
import { openLab } from '../lab/network/lab.ts'
import type { TcpPacket } from '../lab/network/packets.ts'
import { withLab } from './needs.ts'
import { isInTime, KERNEL_MS, timerAtMost } from '../lab/timing.ts'

/** The gaps in milliseconds: from the last packet before the probes to the first probe, and then between the probes. */
function gaps(packets: readonly TcpPacket[], probes: readonly KeepAliveProbe[]): number[] {
  const first = probes[0]
  if (!first) return []
  const lastHeard = packets.findLast(({ at, to }) => at < first.at && to.port === first.from.port)
  return probes.map(({ at }, index) => at - (probes[index - 1] ?? lastHeard ?? first).at)
}

/**
 * Whether a timer of this many milliseconds took this long. A timer is never early, except for the resolution of the kernel's
 * clock.
 */
function isOf(timer: number, took: number): boolean {
  return took >= timer - KERNEL_MS && took <= timerAtMost(timer)
}

/**
 * Whether a program got its event when these timers, one after the other, had expired. The program's own clock starts up to a pause
 * late, and its event comes up to a pause late.
 *
 * @param extra the additional time allowed, in milliseconds
 */
function isReported(loss: Loss, since: number, timers: readonly number[], extra = 0): boolean {
  const took = loss.lostAt - since
  const all = timers.reduce((sum, timer) => sum + timer, 0)
  const latest = timers.reduce((sum, timer) => sum + timerAtMost(timer), 0)
  return took >= all - KERNEL_MS - loss.pausedMs && took <= latest + extra + loss.pausedMs
}

function inWords({ heardAt, wroteAt, lostAt, pausedMs }: Loss): string {
  const wrote = wroteAt > 0 ? `, ${lostAt - wroteAt} ms after the write` : ''
  return `told ${lostAt - heardAt} ms after the last answer${wrote}; the program paused for ${pausedMs} ms`
}

withLab(
  'no answer: the first probe after time, the next after interval, as many as retries, then ETIMEDOUT',
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
      const expected = index === 0 ? 3000 : 2000
      t.true(isOf(expected, gap), `gap ${index} is ${gap} ms, not ${expected} ms`)
    }
    t.true(probes.every(({ answer }) => answer === undefined))
    t.is(loss.code, 'ETIMEDOUT')
    t.is(loss.outcome, 'no-answer')
    // time + interval × retries = 9 s, by four timers
    t.true(isReported(loss, loss.heardAt, [3000, 2000, 2000, 2000]), inWords(loss))
  },
)

withLab('acknowledged: the connection stays open, and is probed again after time', async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture()
  const connection = await converse(lab, { idle: { time: 2000, interval: 1000, retries: 2 } })
  const seen = (): KeepAliveProbe[] => keepAliveProbes(capture.packets, { from: lab.client.address })
  while (seen().length < 3 || seen().at(-1)?.answer === undefined) await sleep(20)
  await capture.stop()
  const probes = seen()
  for (const gap of gaps(capture.packets, probes)) t.true(isOf(2000, gap), `a gap is ${gap} ms, not 2000 ms`)
  t.true(probes.every(({ answer }) => answer?.flags.ack === true && !answer.flags.rst))
  t.deepEqual(connection.losses, [])
})

withLab(
  'reset: a restarted peer answers the next probe with RST, and the program gets ECONNRESET',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    // Enough retries for the restart to take its time.
    const connection = await converse(lab, { idle: { time: 4000, interval: 1000, retries: 100 } })
    await lab.reboot()
    const loss = await connection.loss()
    await capture.stop()
    const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
    const answered = probes.filter(({ answer }) => answer !== undefined)
    t.is(answered.length, 1)
    t.is(answered[0]?.at, probes.at(-1)?.at)
    t.true(answered[0]?.answer?.flags.rst)
    t.is(loss.code, 'ECONNRESET')
    t.is(loss.outcome, 'reset')
    const [first] = gaps(capture.packets, probes)
    t.true(isOf(4000, first ?? Number.NaN), `the first probe came after ${first} ms`)
    const late = loss.lostAt - (answered[0]?.at ?? Number.NaN)
    t.true(isInTime(late, loss.pausedMs, KERNEL_MS), `told ${late} ms after the probe; ${inWords(loss)}`)
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
    // The user timeout of 3 s counts from the first retransmission, about 0.2 s and at most half a second after the write.
    t.true(isReported(loss, loss.wroteAt, [3000], 500), inWords(loss))
    t.is(loss.outcome, 'unreachable')
  },
)

withLab(
  'unreachable while idle: Linux ignores the ICMP error of a probe, and the connection ends with ETIMEDOUT',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    const connection = await converse(lab, { idle: { time: 1000, interval: 1000, retries: 3 } })
    await lab.unreachable()
    const loss = await connection.loss()
    await capture.stop()
    const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
    t.is(probes.length, 3)
    // Each probe is answered. (A fourth answer is for the RST that the kernel finally sends.)
    t.deepEqual(
      capture.icmp.slice(0, 3).map(({ about }) => about?.seq),
      probes.map(({ seq }) => seq),
    )
    t.is(loss.code, 'ETIMEDOUT')
  },
)
