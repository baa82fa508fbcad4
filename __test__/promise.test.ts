/** The promise of `detectWithin`: nobody waits longer than that for a dead peer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { planKeepAlive } from 'tcp-keepalive'
import { type Connections, converse } from '../lab/network/connections.ts'
import { openLab } from '../lab/network/lab.ts'
import { withLab } from './needs.ts'

const DEADLINES = [5, 6, 10, 20, 30, 60]

/** What a busy machine may add before a program gets to see an error. */
const BUSY_MS = 350

withLab('for 5, 6, 10, 20, 30 and 60 s, idle and writing, the end is in time and as planned', async (t) => {
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
    t.log(`${name} s: planned ${planned / 1000} s, took ${(took / 1000).toFixed(2)} s`)
    t.is(loss?.outcome, 'no-answer', name)
    t.true(took <= options.detectWithin, `${name} s took ${took} ms`)
    // The timers are late by up to an eighth and never early. But in flight the kernel starts to count a little before
    // the half second that is planned for (0.1 s here), and on a busy machine the program's own clock starts late.
    t.true(took >= planned - 100 - BUSY_MS, `${name} s took ${took} ms, planned ${planned} ms`)
    t.true(took <= planned * (9 / 8) + BUSY_MS, `${name} s took ${took} ms, planned ${planned} ms`)
  }
})

withLab('a write during the probing starts a clock of its own', async (t) => {
  const lab = await openLab(t)
  const connection = await converse(lab, { late: { detectWithin: 6000 } })
  await lab.cut()
  await sleep(3500) // the first probes are out (from 1 s on), the end is at 5 s
  connection.write('late')
  const loss = await connection.loss()
  t.true(loss.lostAt - loss.wroteAt <= 6000, `${loss.lostAt - loss.wroteAt} ms after the write`)
  t.true(loss.lostAt - loss.heardAt <= 12_000, 'at most twice the deadline after the cut')
})
