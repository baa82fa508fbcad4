/** Excludes sockets that this package has set values on from the looks of `reach: 'process'` (reach/). */
import { shared } from './shared.ts'

interface Reached {
  /** `undefined` while no install of this thread reaches the process, so that a set has no extra cost. */
  exclude: ((descriptor: number) => void) | undefined
}

const reached = shared<Reached>('reached', () => ({ exclude: undefined }))

export function whileReaching(exclude: Reached['exclude']): void {
  reached.exclude = exclude
}

/** Called after each set. */
export function noteSet(descriptor: number): void {
  reached.exclude?.(descriptor)
}
