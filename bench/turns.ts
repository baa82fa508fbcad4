/** One call, made again and again with two values of time in turn: nobody can answer that nothing has changed. */
import type { Contender } from './paired.ts'

export const CALLS = 100

export type Call = (time: number) => unknown

/**
 * Each contender has a loop of its own, compiled for it alone, as code that is shared is compiled for what all of them
 * have in common.
 */
export function turns(call: Call, calls: number = CALLS): Contender {
  const loop = 'return () => { for (let i = 0; i < calls; i += 2) { call(60_000); call(61_000) } }'
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- as mitata does it; the text is this file's own
  const make = new Function('call', 'calls', loop) as (call: Call, calls: number) => () => void
  return { calls, run: make(call, calls) }
}
