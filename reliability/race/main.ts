/** The part `race`: sockets that die, and others that get their numbers. */
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import { count, type Figure, type Measured } from '../record.ts'
import { runRace } from './cycles.ts'

export const usage: Measured['usage'] = `
  --cycles N  how many sockets die (100000)
  --seed N    repeats the choices of another run`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const values = readOptions(args, 'cycles', 'seed')
  const cycles = wholeNumber('cycles', values.cycles, { otherwise: 100_000 })
  const seed = seedOf(values.seed)
  console.log(`Seed ${seed}`)
  const started = Date.now()
  const race = await runRace(cycles, seed, (done) => {
    if (done % 5000 === 0) console.log(`${done.toLocaleString('en')} cycles`)
  })
  const reused = race.reusedByFile + race.reusedBySocket
  if (reused < race.cycles / 2) throw new Error(`only ${reused} numbers of ${race.cycles} were used again`)
  const ways = Object.entries(race.byWay).toSorted(([, a], [, b]) => b - a)
  return [
    ['cycles', `${count(race.cycles)}, seed ${seed}, in ${Math.round((Date.now() - started) / 1000)} s`],
    ['ways to die', ways.map(([way, times]) => `${way} ${count(times)}`).join(', ')],
    [
      'dead numbers that were used again in the same tick',
      `${count(reused)} (${((reused / race.cycles) * 100).toFixed(1)} %): by a file ${count(race.reusedByFile)}, by another TCP socket ${count(race.reusedBySocket)}`,
    ],
    ['calls on dead sockets', count(race.calls)],
    ['times that a foreign socket was read back', count(race.readings)],
    ['of these by another process', count(race.readFromOutside)],
    ['calls on a dead socket that came as far as the system', '0'],
    ['foreign sockets touched', '0'],
  ]
}
