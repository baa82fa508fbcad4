/**
 * The interface through which this folder uses `deadline/`, which is a layer above it. entry/core.ts connects the two when it is needed.
 */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { loadRest } from './rest.ts'
import { shared } from './shared.ts'

/** What is known about a new connection. */
export interface Connected {
  /** Whether it has just been made, so that no code can have changed its options. */
  readonly isFresh?: boolean
  /** Whether the handshake was so quick that the kernel's timers are short. */
  readonly isQuick?: boolean
}

/** None of these throws if the kernel refuses an option. */
export interface Deadlines {
  /**
   * The user timeout to set now for values with a deadline: that of `values`, unless it is lifted or shortened.
   */
  userTimeoutNow(socket: Socket, values: KernelValues): number
  /**
   * Lifts the user timeout from now on whenever that is needed. Called after values with a deadline were set.
   */
  begin(socket: Socket, values: KernelValues, connected: Connected): void
  /** The same for an accepted connection, if it has inherited the values from its listener. */
  beginInherited(socket: Socket, values: KernelValues): void
  /** Ends the lifting, because the program has set its own user timeout. */
  end(socket: Socket): void
  /** Resets TCP_RTO_MAX_MS. The lifting goes on, because the user timeout stays in the kernel. */
  release(socket: Socket): void
  /** Whether the user timeout in force differs from the one that was set: it is lifted, or shortened. */
  isAdjusted(socket: Socket): boolean
}

let deadlines: Deadlines | undefined

/** Shared by all copies of this package: `thread` is defined once any connection of this thread has had a deadline. */
const slot = shared<{ readonly thread: object | undefined }>('deadline', () => ({ thread: undefined }))

/** Loads the code for deadlines. Must be called before any event in which values are set. */
export function needDeadlines(): void {
  if (deadlines === undefined) loadRest()
}

export function provideDeadlines(provided: Deadlines): void {
  deadlines = provided
}

/** @returns `undefined` if nothing in this thread has a deadline, and `values` have none */
function found(values?: KernelValues): Deadlines | undefined {
  if (values?.deadlineMs !== undefined || slot.thread !== undefined) needDeadlines()
  return deadlines
}

/** The values to set now. On a socket that has just connected nothing was written, so the peer's window is open. */
export function valuesNow(socket: Socket, asked: KernelValues, isFresh: boolean): KernelValues {
  if (isFresh || asked.deadlineMs === undefined) return asked
  const userTimeoutMs = found(asked)?.userTimeoutNow(socket, asked) ?? asked.userTimeoutMs
  return userTimeoutMs === asked.userTimeoutMs ? asked : { ...asked, userTimeoutMs }
}

/** Called after each set that included a user timeout. */
export function noteUserTimeout(socket: Socket, put: KernelValues, connected: Connected): void {
  if (put.deadlineMs === undefined) found()?.end(socket)
  else found(put)?.begin(socket, put, connected)
}

export function noteInherited(socket: Socket, values: KernelValues): void {
  deadlines?.beginInherited(socket, values)
}

/** Called when the deadline has ended, but the kernel keeps its values. */
export function releaseDeadline(socket: Socket): void {
  found()?.release(socket)
}

export function isAdjusted(socket: Socket): boolean {
  return found()?.isAdjusted(socket) ?? false
}
