/** The questions to peers that have no answer yet: while there is one on a descriptor, other values than the program's are in it. */
import { shared } from './shared.ts'

export interface OpenQuestion {
  /** Whether the descriptor is still that of the connection which was asked, and its values are not back. */
  holdsOn(descriptor: number): boolean
}

/** By descriptor, for all copies of this package. */
export const questions: Map<number, OpenQuestion> = shared('questions', () => new Map<number, OpenQuestion>())

/** Whether the values in this descriptor are those of a question, which puts back what it found. */
export function isAsking(descriptor: number): boolean {
  return questions.size > 0 && questions.get(descriptor)?.holdsOn(descriptor) === true
}
