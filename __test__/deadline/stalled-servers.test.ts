/** Real servers that stop reading for 4 deadlines during a transfer, and then continue: no connection is dropped. */
import { openLab } from '../../lab/network/lab.ts'
import { stallAndDie } from '../../lab/readers/stalled.ts'
import { isInTime } from '../../lab/timing.ts'
import { unless } from '../needs.ts'
import { matrixUnavailable } from '../../lab/clients/matrix.ts'

const DEADLINE = 6000
const test = unless(await matrixUnavailable())

test('COPY behind a lock, a stopped Redis and an upload live for 4 deadlines, and are detected once they are dead', async (t) => {
  t.timeout(180_000)
  const lab = await openLab(t)
  const { WHOLE } = (await import(new URL('../../lab/readers/stalled-inside.mjs', import.meta.url).href)) as {
    WHOLE: Readonly<Record<string, string>>
  }
  const { early, goneOn, dead, diedAt } = await stallAndDie(lab, DEADLINE, 4 * DEADLINE)
  t.deepEqual(early, [])
  t.deepEqual(Object.fromEntries(goneOn.map(({ name, result }) => [name, result])), WHOLE)
  t.is(dead.length, 3)
  for (const { name, code, result, at, pausedMs } of dead) {
    const inWords = `${name}: ${code} after ${(at - diedAt).toFixed()} ms, paused for ${pausedMs.toFixed()} ms`
    t.log(inWords)
    t.is(result, undefined)
    t.true(isInTime(at - diedAt, pausedMs, DEADLINE), inWords)
  }
})
