/** Outages across the laboratory's router: those that planKeepAlive says are survived, and slightly longer ones. */
import { setTimeout as sleep } from 'node:timers/promises'
import { planKeepAlive } from 'tcp-keepalive'
import { converse } from '../lab/network/connections.ts'
import { openLab } from '../lab/network/lab.ts'
import { withLab } from './needs.ts'

/** Probes after 1, 3 and 5 s, given up after 7 s. */
const IDLE = { time: 1000, interval: 2000, retries: 3 }

withLab(
  'idle: an outage that begins before the first probe is survived if it ends before the last one',
  async (t) => {
    const { detection, tolerates } = planKeepAlive(IDLE)
    t.deepEqual([detection.idle, tolerates.idle], [7000, 4000])
    for (const [outage, isSurvived] of [
      [3200, true],
      [5300, false], // although it is shorter than one interval for each retry
    ] as const) {
      const lab = await openLab(t)
      const connection = await converse(lab, { idle: IDLE })
      await sleep(400)
      await lab.cut()
      await sleep(outage)
      await lab.heal()
      await sleep(detection.idle + 1500 - outage)
      t.is(connection.losses.length === 0, isSurvived, `an outage of ${outage} ms`)
    }
  },
)

withLab('writing: an outage that ends before the last retransmission is survived', async (t) => {
  const values = { detectWithin: 8000 }
  const { detection, tolerates } = planKeepAlive(values)
  const { write = 0 } = detection
  const { write: tolerated = 0 } = planKeepAlive(planKeepAlive(values).settings).tolerates // as before Linux 6.15
  t.deepEqual([write, tolerated, tolerates.write], [7000, 3200, 4800])
  const lab = await openLab(t)
  const connection = await converse(lab, { writing: values })
  await lab.cut()
  connection.write('writing')
  await sleep(tolerated - 500)
  await lab.heal()
  await sleep(write + 1500 - tolerated)
  t.is(connection.losses.length, 0)
})
