/** The part `race`: sockets are closed, and files and other sockets get their descriptor numbers. */
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import { count, counts, type Figure } from '../record.ts'
import { runRace } from './cycles.ts'

export const usage: string = `
  --cycles N  how many sockets are closed (100000)
  --seed N    repeats the choices of another run`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const values = readOptions(args, 'cycles', 'seed')
  const wanted = wholeNumber('cycles', values.cycles, 100_000)
  const seed = seedOf(values.seed)
  console.log(`Seed ${seed}`)
  const started = Date.now()
  const race = await runRace(wanted, seed, (done) => {
    if (done % 5000 === 0) console.log(`${count(done)} cycles`)
  })
  const { cycles, byWay, reusedByFile, reusedBySocket } = race
  const reused = reusedByFile + reusedBySocket
  if (reused < cycles / 2) throw new Error(`only ${reused} numbers of ${cycles} were used again`)
  return [
    ['cycles', `${count(cycles)}, seed ${seed}, in ${Math.round((Date.now() - started) / 1000)} s`],
    ['ways to close', counts(byWay)],
    [
      'numbers of closed sockets that were used again in the same tick',
      `${count(reused)} (${((reused / cycles) * 100).toFixed(1)} %): by a file ${count(reusedByFile)}, by another TCP socket ${count(reusedBySocket)}`,
    ],
    ['calls on closed sockets', count(race.calls)],
    ['times that a foreign socket was read back', count(race.readings)],
    ['of these by another process', count(race.readFromOutside)],
    ['calls on a closed socket that reached the system', '0'],
    ['foreign sockets changed', '0'],
  ]
}
