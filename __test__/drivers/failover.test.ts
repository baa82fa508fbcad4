/** A server's address stops answering, and its name resolves to another: every client gets answers again. */
import { planKeepAlive } from 'tcp-keepalive'
import { matrixUnavailable } from '../../lab/clients/matrix.ts'
import { failOver } from '../../lab/failover/failover.ts'
import { isInTime } from '../../lab/timing.ts'
import { unless } from '../needs.ts'

const test = unless(await matrixUnavailable())

const OPTIONS = { detectWithin: 6000 }
const MOVED = 3000
/** How long a client may wait before its next attempt. The programs of this file send a request each 0.1 s. */
const ASKS_EVERY = 100

test('a failover by DNS after 3 s: each client gets an answer within the deadline, the limit on connecting and its own backoff', async (t) => {
  t.timeout(300_000)
  const [ours = [], none = []] = await failOver([OPTIONS, undefined], MOVED, 50_000)
  const { connect = Number.NaN } = planKeepAlive(OPTIONS).detection
  for (const { name, took, backoffMs, pausedMs } of ours) {
    const within = Math.max(OPTIONS.detectWithin, MOVED) + connect + backoffMs + ASKS_EVERY
    const without = none.find((one) => one.name === name)?.took
    const inWords = `${name}: after ${took?.toFixed()} ms, of which it may wait ${backoffMs} ms itself; without: ${without?.toFixed() ?? 'not by then'}`
    t.log(inWords)
    t.true(took !== undefined && isInTime(took, pausedMs, within), inWords)
  }
  t.true(
    none.some(({ took }) => took === undefined),
    'without an install some wait for longer',
  )
})
