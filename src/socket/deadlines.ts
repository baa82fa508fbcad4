/**
 * What `deadline/` does for the sets of this folder, which lies below it. entry/implementation.ts brings the two together.
 */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'

/** None of these throws for what the kernel refuses. */
export interface Deadlines {
  /**
   * The user timeout to put in now for values with a deadline: that of `values`, unless the peer's window is closed, or has been.
   */
  userTimeoutNow(socket: Socket, values: KernelValues): number
  /**
   * Lifts the user timeout from now on where that is needed; called once values with a deadline are in.
   *
   * @param isFresh whether the socket has just connected, so that nobody has changed anything on it
   */
  begin(socket: Socket, values: KernelValues, isFresh: boolean): void
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

export function provideDeadlines(provided: Deadlines): void {
  deadlines = provided
}

/** What of `asked` is to be written now. On a socket that has just connected nothing was written, so no window is closed. */
export function valuesNow(socket: Socket, asked: KernelValues, isFresh: boolean): KernelValues {
  if (isFresh || deadlines === undefined || asked.deadlineMs === undefined) return asked
  const userTimeoutMs = deadlines.userTimeoutNow(socket, asked)
  return userTimeoutMs === asked.userTimeoutMs ? asked : { ...asked, userTimeoutMs }
}

/** Called after each put that has set the user timeout of `put`. */
export function noteUserTimeout(socket: Socket, put: KernelValues, isFresh: boolean): void {
  if (put.deadlineMs === undefined) deadlines?.end(socket)
  else deadlines?.begin(socket, put, isFresh)
}

export function noteInherited(socket: Socket, values: KernelValues): void {
  deadlines?.beginInherited(socket, values)
}

/** Called where nobody asks for the deadline any more, and the kernel keeps its values. */
export function releaseDeadline(socket: Socket): void {
  deadlines?.release(socket)
}

export function isLifted(socket: Socket): boolean {
  return deadlines?.isLifted(socket) ?? false
}
