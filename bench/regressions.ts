/** `npm run bench -- --check`: ratios that are worse than the recorded ones. A ratio does not depend on the speed of a machine. */
import type { Spread } from './paired.ts'
import type { Measurement, Measurements } from './rows.ts'

const TOLERANCE = 0.1

export interface Regression {
  readonly name: string
  readonly before: number
  readonly now: number
}

/** Ignores measurements that were not recorded. */
export function regressions(recorded: Measurements, measured: Measurements): readonly Regression[] {
  return [...measured.values()].flatMap((one) => {
    const [before, now] = [ratioOf(recorded.get(one.name)), ratioOf(one)]
    if (before === undefined || now === undefined || now <= before * (1 + TOLERANCE)) return []
    return [{ name: one.name, before, now }]
  })
}

/** Measured to reference: more is worse. `undefined` for a figure that is no ratio. */
function ratioOf(one: Measurement | undefined): number | undefined {
  const { median } = one?.ratio ?? (one?.['times'] as Spread | undefined) ?? {}
  return median
}

/** Ratios depend on the processor, the versions of Node and the binary, but not on memory and the kernel's version. */
export function isSameMachine(recorded: string, here: string): boolean {
  const [a, b] = [recorded, here].map((machine) => machine.replace(/, \d+ GiB, (\w+) [\d.]+/, ', $1'))
  return a === b
}

export function describe({ name, before, now }: Regression): string {
  return `${name}: ${now.toFixed(2)} ×, recorded ${before.toFixed(2)} ×`
}
