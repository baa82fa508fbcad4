/** The time to load the package, and of the first call that computes or installs. Each is measured in a new process. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Spread, spread } from '../paired.ts'
import { say } from '../say.ts'

const ROUNDS = 60
const installation = process.env['BENCH_INSTALLATION'] ?? ''

function milliseconds(file: string): number {
  const parameters = ['time-import.mjs', file].map((name) => join(installation, name))
  return Number(execFileSync(process.execPath, parameters, { encoding: 'utf8' }))
}

for (const format of ['mjs', 'cjs']) {
  for (const [name, base, file] of [
    ['import', 'node-net', 'package'],
    ['import-nothing', 'node-net', 'nothing'],
    ['first-call', 'package', 'first-call'],
    ['first-install', 'package', 'first-install'],
  ] as const) {
    await say(`${name}-${format}`, () => above(base, file, format))
  }
}

function above(base: string, file: string, format: string): Record<'milliseconds' | 'self', Spread> {
  const seen = Array.from({ length: ROUNDS }, (_, round) => {
    const steps = [base, file, base].map((step) => `${step}.${format}`)
    const times = (round % 2 === 0 ? steps : steps.toReversed()).map(milliseconds)
    const [first = 0, ours = 0, last = 0] = times
    return { ours: ours - (first + last) / 2, self: last - first }
  })
  return { milliseconds: spread(seen.map(({ ours }) => ours)), self: spread(seen.map(({ self }) => self)) }
}
