/** What this package has set on purpose is not changed by the looks at all sockets of the process (reach/). */
import { shared } from './shared.ts'

interface Reached {
  /** `undefined` while nothing of this thread looks over the process, so that a set costs nothing more. */
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
