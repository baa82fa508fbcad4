/** The part `fuzz`: random calls of everything on everything. */
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import { count, type Figure, type Measured } from '../record.ts'
import { runRounds } from './rounds.ts'

const DEFAULT_CALLS = 1_000_000

export const usage: Measured['usage'] = `
  --calls N      how many calls of the package's functions (${DEFAULT_CALLS}; with --seconds as many as there is time for)
  --seconds N    for how long at most
  --seed N       the first round's seed, to repeat what a run has printed
  --processes N  child processes at a time (2)`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const values = readOptions(args, 'calls', 'seconds', 'seed', 'processes')
  const seconds = wholeNumber('seconds', values.seconds, { otherwise: Number.POSITIVE_INFINITY })
  const calls = wholeNumber('calls', values.calls, {
    otherwise: values.seconds === undefined ? DEFAULT_CALLS : Number.POSITIVE_INFINITY,
  })
  const seed = seedOf(values.seed)
  const processes = wholeNumber('processes', values.processes, { otherwise: 2 })
  console.log(`Seed ${seed}`)
  let told = Date.now()
  const progress = (sofar: number): void => {
    if (Date.now() - told < 5000) return
    told = Date.now()
    console.log(`${sofar.toLocaleString('en')} calls`)
  }
  const result = await runRounds({ seed, calls, seconds, processes, progress })
  const { totals } = result
  return [
    ["calls of the package's functions", count(totals.calls)],
    ["calls of Node's own `setKeepAlive` in between", count(totals.driverCalls)],
    ['by function', list(totals.byName)],
    ['errors thrown, all of them known ones', list(totals.byCode)],
    ['seeds', `${seed} to ${seed + result.rounds - 1}, a child process each`],
    ['time', `${result.seconds.toFixed(0)} s`],
    ['crashes, hangs, uncaught errors, unknown errors, other warnings', '0'],
    ["times that a socket's options were read back", count(totals.readings)],
    [
      'sockets opened in the tick in which another was destroyed',
      `${count(totals.foreign)}, of them ${count(totals.reused)} under its very number`,
    ],
    ['sockets read back by another process at the end', count(totals.readFromOutside)],
    ['options changed on a socket that was not the target', '0'],
    ['descriptors more or fewer at the end of a round', '0'],
  ]
}

function list(by: Readonly<Record<string, number>>): string {
  const most = Object.entries(by).toSorted(([, a], [, b]) => b - a)
  return most.map(([name, times]) => `${name} ${count(times)}`).join(', ')
}
