/** What a soak is told on the command line. */
import { parseArgs } from 'node:util'

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

/** @throws RangeError for what is no number */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: 'string', default: '2000' },
      minutes: { type: 'string', default: '10' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
    },
  })
  const { connections, minutes, seconds, seed = String(1 + (Date.now() % 1_000_000)) } = values
  return {
    connections: whole('connections', connections),
    lastsMs: seconds === undefined ? whole('minutes', minutes) * 60_000 : whole('seconds', seconds) * 1000,
    seed: whole('seed', seed),
  }
}

function whole(name: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new RangeError(`--${name} must be a whole number from 1 on`)
  return number
}
