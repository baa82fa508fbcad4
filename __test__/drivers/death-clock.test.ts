/** Every client with a real server is told in time that it is gone. `npm run death-clock` measures the others beside. */
import { unless } from '../needs.ts'
import { isInTime } from '../../lab/timing.ts'
import { competitors, DETECT_WITHIN, runDeathClock } from '../../lab/clients/clock.ts'
import { matrixUnavailable } from '../../lab/clients/matrix.ts'

const test = unless(await matrixUnavailable())

test('detectWithin 6 s: every driver, idle, waiting and writing, is told within 6.0 s', async (t) => {
  t.timeout(600_000)
  const all = await runDeathClock(['ours'], 20_000)
  t.is(all.length, competitors.length * 3)
  for (const { name, doing, took, told, pausedMs } of all) {
    const inWords = `${name}, ${doing}: ${told} after ${took} ms, paused for ${pausedMs} ms`
    t.log(inWords)
    t.true(took !== null && isInTime(took, pausedMs, DETECT_WITHIN), inWords)
  }
})
