/** Processor time of whole programs. Other load on the machine affects it less than elapsed time. */
import { readFileSync } from 'node:fs'
import { compared, type Paired } from './paired.ts'

/** Runs in a turn: the kernel counts processor time in hundredths of a second, which must be a small part of the total. */
const RUNS = 10

/** The time of ended children: `cutime` and `cstime` of proc_pid_stat(5), in hundredths of a second (USER_HZ). */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** The time of one run, in milliseconds. */
export function processorTime(run: () => void): number {
  const before = childrenMs()
  for (let count = 0; count < RUNS; count++) run()
  return (childrenMs() - before) / RUNS
}

const TURNS = 15

const nanoseconds = (run: () => void): number => processorTime(run) * 1e6

/** Like `paired()`, for programs. */
export function pairedPrograms(reference: () => void, measured: () => void): Paired {
  const seen = Array.from({ length: TURNS }, (_, turn) => {
    const runs = [reference, measured, reference]
    const times = (turn % 2 === 0 ? runs : runs.toReversed()).map(nanoseconds)
    const [first = 0, ours = 0, again = 0] = times
    return { reference: first, measured: ours, again }
  })
  return compared(seen)
}
