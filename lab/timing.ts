/**
 * The allowances of tests that measure time: for late timers of the kernel, but not for the speed of the machine. Every test file
 * that compares times imports them from here. `npm test -- busy` finds these files by that import, and runs them on a busy machine.
 */

/** A Linux timer of some seconds is late by up to an eighth of its length, and never early (kernel/time/timer.c). */
export const TIMER_LATE: number = 1 / 8

/**
 * Milliseconds between the kernel's decision and the packet in a capture, or the reverse: for the resolution of a kernel timer (10 ms
 * with HZ=100) and for late interrupts. No program has to run in between.
 */
export const KERNEL_MS = 100

/** The latest end of a kernel timer of so many milliseconds. */
export function timerAtMost(milliseconds: number): number {
  return milliseconds * (1 + TIMER_LATE) + KERNEL_MS
}

/** Whether an event reached a program in time, if the busy machine did not run the program for `pausedMs`. */
export function isInTime(took: number, pausedMs: number, deadline: number): boolean {
  return took - pausedMs <= deadline
}

/** What a program of the laboratory reports of an event. */
export interface Timed {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The longest time before it in which the program did not run. */
  readonly pausedMs: number
}

/**
 * The module that measures how long a program did not run. Programs of the laboratory that report times import it, and the
 * test subtracts the pause. See pauses.mjs.
 */
export const PAUSES: string = new URL('pauses.mjs', import.meta.url).href

export interface Pauses {
  watchPauses(): (since: number) => number
}
