/** What a soak is told on the command line. */
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'

export interface SoakOptions {
  readonly connections: number
  /** Faults begin until then. */
  readonly lastsMs: number
  readonly seed: number
}

export const usage = `
  --connections N  how many are held, 2000 unless told
  --minutes N      for how long faults begin, 10 unless told; each kind is met once at least
  --seconds N      the same in seconds
  --seed N         the order and the lengths of the faults, and the load; by chance unless told`

/** @throws UsageError for what is no number */
export function readSoakOptions(args: readonly string[]): SoakOptions {
  const { connections, minutes, seconds, seed } = readOptions(
    args,
    'connections',
    'minutes',
    'seconds',
    'seed',
  )
  const lastsMs = wholeNumber('minutes', minutes, { otherwise: 10 }) * 60_000
  return {
    connections: wholeNumber('connections', connections, { otherwise: 2000 }),
    lastsMs: seconds === undefined ? lastsMs : wholeNumber('seconds', seconds, { otherwise: 0 }) * 1000,
    seed: seedOf(seed),
  }
}
