/**
 * Every client with a real server gets an error in time after the server is gone. `npm run docs -- death-clock` also measures the
 * clients' own settings.
 */
import { unless } from '../needs.ts'
import { isInTime } from '../../lab/timing.ts'
import { competitors, DEADLINES, DOINGS, runDeathClock } from '../../lab/clients/clock.ts'
import { matrixUnavailable } from '../../lab/clients/matrix.ts'

const test = unless(await matrixUnavailable())

test('detectWithin 6 s and 10 s: every driver, idle, waiting, writing or connecting, gets an error by the deadline', async (t) => {
  t.timeout(600_000)
  const all = await runDeathClock(['ours', 'ten'], 25_000)
  t.is(all.length, competitors.length * DOINGS.length * 2)
  for (const { name, setting, doing, took, told, pausedMs } of all) {
    const within = DEADLINES[setting] ?? Number.NaN
    const inWords = `${within / 1000} s, ${name}, ${doing}: ${told} after ${took} ms, paused for ${pausedMs} ms`
    t.log(inWords)
    t.true(took !== null && isInTime(took, pausedMs, within), inWords)
  }
})
