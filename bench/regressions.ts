/** `npm run bench -- --check`: which ratios are worse than the recorded ones. A ratio does not depend on how fast a machine is. */
import type { Spread } from './paired.ts'
import type { Measurement, Measurements } from './rows.ts'

/** By how much a ratio may be worse. */
const TOLERANCE = 0.1

export interface Regression {
  readonly name: string
  readonly before: number
  readonly now: number
}

/** Of what was measured now; what was not recorded has nothing to be compared with. */
export function regressions(recorded: Measurements, measured: Measurements): readonly Regression[] {
  return [...measured.values()].flatMap((one) => {
    const [before, now] = [ratioOf(recorded.get(one.name)), ratioOf(one)]
    if (before === undefined || now === undefined || now <= before * (1 + TOLERANCE)) return []
    return [{ name: one.name, before, now }]
  })
}

/** Measured to reference, so that more is worse; `undefined` for a figure that is no ratio. */
function ratioOf(one: Measurement | undefined): number | undefined {
  const { median } = one?.ratio ?? (one?.['times'] as Spread | undefined) ?? {}
  return median
}

/** What a ratio depends on: the processor, the versions of Node and which binary it is; not memory, nor the kernel's version. */
export function isSameMachine(recorded: string, here: string): boolean {
  return typeOf(recorded) === typeOf(here)
}

function typeOf(machine: string): string {
  return machine.replace(/, \d+ GiB, (\w+) [\d.]+/, ', $1')
}

export function describe({ name, before, now }: Regression): string {
  return `${name}: ${now.toFixed(2)} ×, recorded ${before.toFixed(2)} ×`
}
