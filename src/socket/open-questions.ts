/** The running questions of `probePeer()`. While one runs on a descriptor, the kernel holds other values than the program's. */
import { shared } from './shared.ts'

export interface OpenQuestion {
  /** Whether the descriptor still belongs to the connection, and the program's values are not restored yet. */
  holdsOn(descriptor: number): boolean
}

/** By descriptor, for all copies of this package. */
export const questions: Map<number, OpenQuestion> = shared('questions', () => new Map<number, OpenQuestion>())

/** Whether this descriptor holds the values of a question, which restores the program's values later. */
export function isAsking(descriptor: number): boolean {
  return questions.size > 0 && questions.get(descriptor)?.holdsOn(descriptor) === true
}
