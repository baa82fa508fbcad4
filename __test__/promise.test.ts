/** The promise of `detectWithin`: nobody waits longer than that for a dead peer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { planKeepAlive } from 'tcp-keepalive'
import { type Connections, converse } from '../lab/network/connections.ts'
import { type KeepAliveProbe, keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { openLab } from '../lab/network/lab.ts'
import { withLab } from './needs.ts'
import { isInTime, KERNEL_MS, timerAtMost } from '../lab/timing.ts'

const DEADLINES = [5, 6, 10, 20, 30, 60]

withLab(
  'for 5, 6, 10, 20, 30 and 60 s, idle and writing, the connection ends in time and as planned',
  async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    const named = DEADLINES.flatMap((deadline) => {
      const options = { detectWithin: deadline * 1000 }
      return [
        [`idle ${deadline}`, options],
        [`writing ${deadline}`, options],
      ] as const
    })
    const all: Connections = Object.fromEntries(named)
    const connection = await converse(lab, all)
    await lab.cut()
    for (const deadline of DEADLINES) connection.write(`writing ${deadline}`)
    const losses = await connection.lossesOf(named.length)
    for (const [name, options] of named) {
      const loss = losses[name]
      const { idle, write = Number.NaN } = planKeepAlive(options).detection
      const [planned, since] = name.startsWith('idle') ? [idle, loss?.heardAt] : [write, loss?.wroteAt]
      const took = (loss?.lostAt ?? Number.NaN) - (since ?? Number.NaN)
      // On a busy machine the program's own clock starts late, and its error comes late.
      const pausedMs = loss?.pausedMs ?? Number.NaN
      const inWords = `${name} s: planned ${planned / 1000} s, took ${(took / 1000).toFixed(2)} s, paused for ${pausedMs.toFixed()} ms`
      t.log(inWords)
      t.is(loss?.outcome, 'no-answer', name)
      t.true(isInTime(took, pausedMs, options.detectWithin), inWords)
      // The timers are up to an eighth late, and never early. But with data in flight the kernel starts to count a little before the
      // planned half second (here after 0.1 s).
      t.true(took >= planned - 100 - KERNEL_MS - pausedMs, inWords)
      t.true(took <= timerAtMost(planned) + pausedMs, inWords)
    }
  },
)

withLab('a write during the probing starts a clock of its own', async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture()
  const connection = await converse(lab, { late: { detectWithin: 6000 } })
  await lab.cut()
  // The first probe is sent after 1 s, and the connection ends at 5 s.
  const unanswered = (): number =>
    keepAliveProbes(capture.packets, { from: lab.client.address }).filter(({ answer }) => !answer).length
  while (unanswered() < 2) await sleep(20)
  connection.write('late')
  const loss = await connection.loss()
  const [sinceWrite, sinceHeard] = [loss.lostAt - loss.wroteAt, loss.lostAt - loss.heardAt]
  t.true(isInTime(sinceWrite, loss.pausedMs, 6000), `${sinceWrite} ms after the write`)
  t.true(sinceHeard - sinceWrite > 1000, 'the write came during the probing')
  t.true(isInTime(sinceHeard, loss.pausedMs, 12_000), 'at most twice the deadline after the cut')
})

withLab(
  'if the interval is longer than the time, the end after an answered probe is later by their difference',
  async (t) => {
    const lab = await openLab(t)
    const capture = await lab.capture()
    const options = { time: 1000, interval: 3000, retries: 1, userTimeout: 0 }
    const connection = await converse(lab, { sparse: options })
    const probes = (): KeepAliveProbe[] => keepAliveProbes(capture.packets, { from: lab.client.address })
    while (!probes().some(({ answer }) => answer)) await sleep(20)
    await lab.cut()
    const loss = await connection.loss()
    await capture.stop()
    const later = options.interval - options.time
    const answered = probes().findLast(({ answer }) => answer)
    const first = probes().find(({ at }) => at > (answered?.at ?? Number.NaN))
    const silence = (first?.at ?? Number.NaN) - (answered?.at ?? Number.NaN)
    t.true(
      silence >= options.interval - KERNEL_MS && silence <= timerAtMost(options.interval),
      `${silence} ms`,
    )
    const planned = planKeepAlive(options).detection.idle
    const took = loss.lostAt - loss.heardAt - options.time // the answer came after `time`
    t.true(took >= planned + later - KERNEL_MS - loss.pausedMs, `${took} ms`)
  },
)
