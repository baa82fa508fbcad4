/** Like fuzz.test.ts, for longer and with two processes at a time. */
import test from 'ava'
import { runRounds } from '../../reliability/fuzz/rounds.ts'
import { drawSeed } from '../seed.ts'

test('a minute and a half of random calls', async (t) => {
  const seed = drawSeed()
  t.log(`seed ${seed}`)
  const { totals, rounds } = await runRounds({
    seed,
    calls: Number.POSITIVE_INFINITY,
    seconds: 90,
    processes: 2,
  })
  t.log(`${totals.calls} calls in ${rounds} child processes`)
  t.true(totals.calls > 10_000 && totals.readings > totals.calls, `${totals.calls} calls`)
})
