// Measures how long a process did not run. On a busy machine, an event of the kernel reaches a program only when the program runs
// again. A test of the kernel's times subtracts that pause. Plain JavaScript, for programs without a loader.

const EVERY_MS = 20

/** Milliseconds since 1970 with fractions, the clock of a capture. */
export const now = () => performance.timeOrigin + performance.now()

/** Starts the measurement; it does not keep the process running. */
export function watchPauses() {
  const ticks = []
  let last = performance.now()
  setInterval(() => {
    const at = performance.now()
    ticks.push({ at, pause: at - last })
    last = at
  }, EVERY_MS).unref()
  /**
   * The longest pause in milliseconds from `since` (milliseconds since 1970) until now, at least EVERY_MS. A pause that ended just
   * before `since` counts too, because it may have delayed the event at `since`.
   */
  return (since) => {
    const from = since - performance.timeOrigin - 2 * EVERY_MS
    const pauses = ticks.filter(({ at }) => at >= from).map(({ pause }) => pause)
    return Math.max(EVERY_MS, performance.now() - last, ...pauses)
  }
}
