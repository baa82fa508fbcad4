/** A peer may read as slowly as it likes, or not at all: it is not dropped. Once it is dead, that is told by the deadline. */
import { planKeepAlive } from 'tcp-keepalive'
import { openLab } from '../../lab/network/lab.ts'
import { liveAndDie } from '../../lab/readers/dying.ts'
import { KINDS } from '../../lab/readers/kinds.ts'
import { isInTime } from '../../lab/timing.ts'
import { withLab } from '../needs.ts'

const DEADLINE = 6000

withLab(
  'slow readers of every kind, plain and TLS, live for 4 deadlines, and are told of once dead',
  async (t) => {
    t.timeout(180_000)
    const lab = await openLab(t)
    const { dropped, dying } = await liveAndDie(lab, {
      options: { detectWithin: DEADLINE },
      livingMs: 4 * DEADLINE,
      deadMs: 3 * DEADLINE,
    })
    t.deepEqual(dropped, [])
    for (const { name, took, code, pausedMs } of dying) {
      const inWords = `${name}: ${code} after ${took?.toFixed()} ms, paused for ${pausedMs.toFixed()} ms`
      t.log(inWords)
      t.true(took !== undefined && isInTime(took, pausedMs, DEADLINE), inWords)
    }
  },
)

withLab(
  "under the kernel's own rule, with the same user timeout, living peers that read nothing are dropped",
  async (t) => {
    t.timeout(180_000)
    const lab = await openLab(t)
    const { userTimeout = 0 } = planKeepAlive({ detectWithin: DEADLINE }).settings
    const { dropped } = await liveAndDie(lab, { options: { userTimeout }, livingMs: 4 * DEADLINE, deadMs: 0 })
    const countOf = (kind: string): number => dropped.filter(({ name }) => name.includes(kind)).length
    // How many of the others are depends on how the window happens to open.
    for (const { name } of KINDS) t.log(`${name}: ${countOf(name)} of 8 dropped`)
    t.true(countOf('stopped') > 0)
  },
)
