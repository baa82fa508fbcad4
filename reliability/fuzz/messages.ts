/** What the child process of the fuzzer is asked for, and what it tells its parent. */

/** One run of the child, given to it as JSON. */
export interface Round {
  readonly seed: number
  readonly calls: number
  /** When to stop though not all calls have been made, in milliseconds since 1970; `null` for never. */
  readonly until: number | null
  /** Where its sockets and its trace are; the parent makes it and takes it away. */
  readonly folder: string
}

/** What a round, or several, came to. */
export interface Totals {
  /** Of the package's functions. */
  calls: number
  /** Of Node's own methods, as drivers make them. */
  driverCalls: number
  /** By function. */
  byName: Record<string, number>
  /** Errors that were thrown, by code. */
  byCode: Record<string, number>
  /** How often the options of a socket were read back after calls on others. */
  readings: number
  /** Sockets that were opened in the tick in which another was destroyed, and those of them that got its number. */
  foreign: number
  reused: number
  /** Sockets that another process has read at the end. */
  readFromOutside: number
}

export type Message =
  | { readonly kind: 'progress'; readonly calls: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done'; readonly totals: Totals }

export function noTotals(): Totals {
  return {
    calls: 0,
    driverCalls: 0,
    byName: {},
    byCode: {},
    readings: 0,
    foreign: 0,
    reused: 0,
    readFromOutside: 0,
  }
}

export function addTotals(sum: Totals, more: Totals): void {
  for (const name of ['calls', 'driverCalls', 'readings', 'foreign', 'reused', 'readFromOutside'] as const) {
    sum[name] += more[name]
  }
  for (const by of ['byName', 'byCode'] as const) {
    for (const [name, count] of Object.entries(more[by])) sum[by][name] = (sum[by][name] ?? 0) + count
  }
}
