/**
 * Two contenders alternate in many short rounds, and each round gives a ratio. So other load on the machine affects both. The
 * reference runs twice in each round, which shows how much a run differs from itself.
 */
import { measure } from 'mitata'

export interface Contender {
  readonly run: () => void
  readonly calls: number
}

/** The middle half of all rounds. */
export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

export interface Paired {
  /** Nanoseconds a call, medians over all rounds. */
  readonly reference: number
  readonly measured: number
  /** measured / reference, of each round. */
  readonly ratio: Spread
  /** measured - reference in nanoseconds, of each round. */
  readonly difference: Spread
  /** The reference divided by itself, run again in the same round. */
  readonly self: Spread
}

const SAMPLING = { gc: () => {}, min_cpu_time: 0, batch_threshold: -1 } as const

export async function paired(
  reference: Contender,
  measured: Contender,
  { rounds = 60, samples = 24 }: { readonly rounds?: number; readonly samples?: number } = {},
): Promise<Paired> {
  const seen: Seen[] = []
  for (let round = -WARM_UP; round < rounds; round++) {
    const [first = 0, second = 0, third = 0] = await inTurn(
      [reference, measured, reference],
      samples,
      round % 2 === 0,
    )
    if (round >= 0) seen.push({ reference: first, measured: second, again: third })
  }
  return compared(seen)
}

export type Seen = Readonly<Record<'reference' | 'measured' | 'again', number>>

/** The ratio and the difference of each round. The reference is the mean of its two runs. */
export function compared(seen: readonly Seen[]): Paired {
  return {
    reference: median(seen.map((each) => each.reference)),
    measured: median(seen.map((each) => each.measured)),
    ratio: spread(seen.map((each) => (2 * each.measured) / (each.reference + each.again))),
    difference: spread(seen.map((each) => each.measured - (each.reference + each.again) / 2)),
    self: spread(seen.map((each) => each.again / each.reference)),
  }
}

/** Rounds until V8 compiles no more. */
const WARM_UP = 5

async function inTurn(
  contenders: readonly Contender[],
  samples: number,
  forwards: boolean,
): Promise<readonly number[]> {
  const times: number[] = []
  for (const { run, calls } of forwards ? contenders : contenders.toReversed()) {
    const { p50 } = await measure(run, { ...SAMPLING, min_samples: samples })
    times.push(p50 / calls)
  }
  return forwards ? times : times.toReversed()
}

/** Nanoseconds of one call. mitata would make two. */
export function timed(call: () => void): number {
  const start = process.hrtime.bigint()
  call()
  return Number(process.hrtime.bigint() - start)
}

export function spread(values: readonly number[]): Spread {
  return { low: quantile(values, 1 / 4), median: median(values), high: quantile(values, 3 / 4) }
}

export function median(values: readonly number[]): number {
  return quantile(values, 1 / 2)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
