/**
 * What `deadline/` does for the sets of this folder, which lies below it. entry/core.ts brings the two together, once it is needed.
 */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { loadRest } from './rest.ts'
import { shared } from './shared.ts'

/** How long a connection has been there. */
export interface Connected {
  /** Whether it has just been made, so that nobody has changed anything on it. */
  readonly isFresh?: boolean
  /** Whether it was also made so quickly that the kernel's timers are short. */
  readonly isQuick?: boolean
}

/** None of these throws for what the kernel refuses. */
export interface Deadlines {
  /**
   * The user timeout to put in now for values with a deadline: that of `values`, unless the peer's window is closed, or has been.
   */
  userTimeoutNow(socket: Socket, values: KernelValues): number
  /**
   * Lifts the user timeout from now on where that is needed; called once values with a deadline are in.
   */
  begin(socket: Socket, values: KernelValues, connected: Connected): void
  /** The same for a connection that has inherited the values from its listener, if it has. */
  beginInherited(socket: Socket, values: KernelValues): void
  /** Ends the lifting: the program has put in a user timeout of its own. */
  end(socket: Socket): void
  /** Puts TCP_RTO_MAX_MS back. The lifting goes on, as the user timeout stays in the kernel. */
  release(socket: Socket): void
  /** Whether the user timeout in force is not the one that was set. */
  isLifted(socket: Socket): boolean
}

let deadlines: Deadlines | undefined

/** Whether anything in this thread has a deadline, through whichever copy of this package. */
const slot = shared<{ readonly thread: object | undefined }>('deadline', () => ({ thread: undefined }))

/** Loads what a deadline takes, where it is not loaded. Whoever puts values in in an event has called this before. */
export function needDeadlines(): void {
  if (deadlines === undefined) loadRest()
}

export function provideDeadlines(provided: Deadlines): void {
  deadlines = provided
}

/** Where anything has a deadline, or is to get one. */
function found(values?: KernelValues): Deadlines | undefined {
  if (values?.deadlineMs !== undefined || slot.thread !== undefined) needDeadlines()
  return deadlines
}

/** What of `asked` is to be written now. On a socket that has just connected nothing was written, so no window is closed. */
export function valuesNow(socket: Socket, asked: KernelValues, isFresh: boolean): KernelValues {
  if (isFresh || asked.deadlineMs === undefined) return asked
  const userTimeoutMs = found(asked)?.userTimeoutNow(socket, asked) ?? asked.userTimeoutMs
  return userTimeoutMs === asked.userTimeoutMs ? asked : { ...asked, userTimeoutMs }
}

/** Called after each put that has set the user timeout of `put`. */
export function noteUserTimeout(socket: Socket, put: KernelValues, connected: Connected): void {
  if (put.deadlineMs === undefined) found()?.end(socket)
  else found(put)?.begin(socket, put, connected)
}

export function noteInherited(socket: Socket, values: KernelValues): void {
  deadlines?.beginInherited(socket, values)
}

/** Called where nobody asks for the deadline any more, and the kernel keeps its values. */
export function releaseDeadline(socket: Socket): void {
  found()?.release(socket)
}

export function isLifted(socket: Socket): boolean {
  return found()?.isLifted(socket) ?? false
}
