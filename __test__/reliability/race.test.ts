/**
 * Sockets are closed, and others get their descriptor numbers. `npm run reliability -- race` does this a hundred thousand times.
 */
import test from 'ava'
import { runRace } from '../../reliability/race/cycles.ts'
import { drawSeed } from '../seed.ts'

test('calls on closed sockets change no file and no socket that has their descriptor number now', async (t) => {
  const seed = drawSeed()
  t.log(`seed ${seed}`)
  const race = await runRace(2000, seed)
  t.is(race.cycles, 2000)
  t.true(race.reusedByFile > 200, `${race.reusedByFile} numbers went to a file`)
  t.true(race.reusedBySocket > 600, `${race.reusedBySocket} numbers went to another socket`)
  t.is(Object.keys(race.byWay).length, 14, 'every way to die')
})
