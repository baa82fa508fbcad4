/**
 * Two contenders in strict alternation, many short rounds, a ratio from each round: what else the machine does meets
 * both alike. The first of the two runs twice in each round, which shows how far a run differs from itself.
 */
import { measure } from 'mitata'

export interface Contender {
  /** Makes `calls` calls. */
  readonly run: () => void
  readonly calls: number
}

/** Middle half of all rounds. */
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
    const [first, second, third] = await inTurn([reference, measured, reference], samples, round % 2 === 0)
    if (round >= 0) seen.push({ reference: first, measured: second, again: third })
  }
  return compared(seen)
}

type Seen = Readonly<Record<'reference' | 'measured' | 'again', number>>

/** A ratio and a difference of each round; the reference was measured before and after. */
export function compared(seen: readonly Seen[]): Paired {
  return {
    reference: median(seen.map((each) => each.reference)),
    measured: median(seen.map((each) => each.measured)),
    ratio: spread(seen.map((each) => (2 * each.measured) / (each.reference + each.again))),
    difference: spread(seen.map((each) => each.measured - (each.reference + each.again) / 2)),
    self: spread(seen.map((each) => each.again / each.reference)),
  }
}

/** Rounds after which the compilers of V8 have done what they will do. */
const WARM_UP = 5

type Three<T> = readonly [T, T, T]

async function inTurn(
  contenders: Three<Contender>,
  samples: number,
  forwards: boolean,
): Promise<Three<number>> {
  const times: [number, number, number] = [0, 0, 0]
  for (const place of forwards ? ([0, 1, 2] as const) : ([2, 1, 0] as const)) {
    const { run, calls } = contenders[place]
    const { p50 } = await measure(run, { ...SAMPLING, min_samples: samples })
    times[place] = p50 / calls
  }
  return times
}

/** Nanoseconds of one call. mitata would make it twice, and only the first call is the first. */
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
