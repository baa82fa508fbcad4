// How long a process did not get to run. On a busy machine a program hears of what the kernel has decided only when it is
// its turn again; a test of when the kernel decides takes that off. Plain JavaScript, for programs without a loader.

const EVERY_MS = 20

/** Milliseconds since 1970 with fractions, the clock of a capture. */
export const now = () => performance.timeOrigin + performance.now()

/** Starts to watch; does not keep the process running. */
export function watchPauses() {
  const ticks = []
  let last = performance.now()
  setInterval(() => {
    const at = performance.now()
    ticks.push({ at, pause: at - last })
    last = at
  }, EVERY_MS).unref()
  /**
   * The longest pause in milliseconds from `since` (milliseconds since 1970) until now, EVERY_MS at least. The pause that
   * ended just before `since` counts, as the event that `since` stands for may have waited for its end.
   */
  return (since) => {
    const from = since - performance.timeOrigin - 2 * EVERY_MS
    const pauses = ticks.filter(({ at }) => at >= from).map(({ pause }) => pause)
    return Math.max(EVERY_MS, performance.now() - last, ...pauses)
  }
}
