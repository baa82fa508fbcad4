/** Timers and a clock, saved at import, so that the fake timers of a test, installed later, do not affect them. */
import { hrtime } from 'node:process'
import type * as nodeTimers from 'node:timers'
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers'

const real = { hrtime }
export const timers: Pick<
  typeof nodeTimers,
  'clearInterval' | 'clearTimeout' | 'setInterval' | 'setTimeout'
> = { clearInterval, clearTimeout, setInterval, setTimeout }

/** In milliseconds. The same clock as in node:perf_hooks, which takes most of a millisecond to load. */
export function clock(): number {
  const [seconds, nanoseconds] = real.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
