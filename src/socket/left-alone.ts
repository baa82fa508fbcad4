/** What this package has set on purpose is left alone by the look at all sockets of the process (reach/). */
import { shared } from './shared.ts'

interface Reached {
  /** `undefined` while nothing of this thread looks over the process, so that a set costs nothing more. */
  leaveAlone: ((descriptor: number) => void) | undefined
}

const reached = shared<Reached>('reached', () => ({ leaveAlone: undefined }))

export function whileReaching(leaveAlone: Reached['leaveAlone']): void {
  reached.leaveAlone = leaveAlone
}

/** Called after each set. */
export function noteSet(descriptor: number): void {
  reached.leaveAlone?.(descriptor)
}
