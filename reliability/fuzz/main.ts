/** The part `fuzz`: random calls with random arguments on sockets of every kind. */
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import { count, counts, type Figure } from '../record.ts'
import { runRounds } from './rounds.ts'

const DEFAULT_CALLS = 1_000_000

export const usage: string = `
  --calls N      calls of the package's functions (${DEFAULT_CALLS}; with --seconds no limit)
  --seconds N    the longest time
  --seed N       the first round's seed; repeats a run that printed it
  --processes N  child processes at a time (2)`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const values = readOptions(args, 'calls', 'seconds', 'seed', 'processes')
  const seconds = wholeNumber('seconds', values.seconds, Number.POSITIVE_INFINITY)
  const most = values.seconds === undefined ? DEFAULT_CALLS : Number.POSITIVE_INFINITY
  const calls = wholeNumber('calls', values.calls, most)
  const seed = seedOf(values.seed)
  const processes = wholeNumber('processes', values.processes, 2)
  console.log(`Seed ${seed}`)
  const started = Date.now()
  let printed = started
  const progress = (made: number): void => {
    if (Date.now() - printed < 5000) return
    printed = Date.now()
    console.log(`${count(made)} calls`)
  }
  const { totals, rounds } = await runRounds({ seed, calls, seconds, processes, progress })
  return [
    ["calls of the package's functions", count(totals.calls)],
    ["calls of Node's own `setKeepAlive` in between", count(totals.driverCalls)],
    ['by function', counts(totals.byName)],
    ['errors thrown, all of them known ones', counts(totals.byCode)],
    ['seeds', `${seed} to ${seed + rounds - 1}, a child process each`],
    ['time', `${((Date.now() - started) / 1000).toFixed(0)} s`],
    ['crashes, hangs, uncaught errors, unknown errors, other warnings', '0'],
    ["times that a socket's options were read back", count(totals.readings)],
    [
      'sockets opened in the tick in which another was destroyed',
      `${count(totals.foreign)}, of them ${count(totals.reused)} with its descriptor number`,
    ],
    ['sockets read back by another process at the end', count(totals.readFromOutside)],
    ['options changed on a socket that was not the target', '0'],
    ['descriptors more or fewer at the end of a round', '0'],
  ]
}
