/** Random calls of every function on every target. `npm run reliability -- fuzz` makes ten million. */
import test from 'ava'
import { runRounds } from '../../reliability/fuzz/rounds.ts'
import { drawSeed } from '../seed.ts'

const CALLS = 20_000

test('random calls only change options of their target, and only end with known errors', async (t) => {
  const seed = drawSeed()
  t.log(`seed ${seed}`)
  const { totals } = await runRounds({ seed, calls: CALLS, seconds: Number.POSITIVE_INFINITY, processes: 1 })
  t.log(`${totals.calls} calls, ${totals.readings} times that a socket was read back`)
  t.true(totals.calls >= CALLS, `${totals.calls} calls`)
  t.true(totals.reused > 0, 'no socket was opened under the number of one that had just been destroyed')
  for (const name of FUNCTIONS) t.true((totals.byName[name] ?? 0) > 0, name)
})

const FUNCTIONS = [
  'setKeepAlive',
  'getKeepAlive',
  'holdKeepAlive',
  'release',
  'installKeepAlive',
  'uninstall',
  'planKeepAlive',
  'getTcpInfo',
  'probePeer',
  'inspectSocket',
  'inspectSockets',
  'outcomeOf',
  'cutOff',
  'restore',
  'systemKeepAlive',
  'native',
  'node',
]
