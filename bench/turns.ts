/** Repeats a call with two alternating values of time, so that no layer can skip an unchanged value. */
import type { Contender } from './paired.ts'

export const CALLS = 100

export type Call = (time: number) => unknown

/** Each contender gets its own loop, because V8 compiles a shared loop for all contenders. */
export function turns(call: Call, calls: number = CALLS): Contender {
  const loop = 'return () => { for (let i = 0; i < calls; i += 2) { call(60_000); call(61_000) } }'
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- as mitata does it; the text is this file's own
  const make = new Function('call', 'calls', loop) as (call: Call, calls: number) => () => void
  return { calls, run: make(call, calls) }
}
