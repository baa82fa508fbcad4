/**
 * The package's regular looks, in the order in which it starts them. Imported before the package is used, this takes their timers: a
 * look runs when it is called, and at no other time.
 */
import timers from 'node:timers'

export const looks: Array<() => void> = []

const { setInterval } = timers
timers.setInterval = (run: () => void) => {
  looks.push(run)
  return setInterval(() => {}, 2 ** 30)
}
