/**
 * The package's periodic checks, in the order in which it starts them. Import this before the package starts them. It replaces
 * their timers: a check only runs when a test calls it.
 */
import timers from 'node:timers'

export const looks: Array<() => void> = []

const { setInterval } = timers
timers.setInterval = (run: () => void) => {
  looks.push(run)
  return setInterval(() => {}, 2 ** 30)
}
