/**
 * What a test of time may allow for: how late the kernel's timers are, and nothing for the speed of the machine. Every
 * test file that compares times takes its allowances from here; `npm test -- busy` finds these files by that import, and runs
 * them on a machine that is kept busy.
 */

/** A Linux timer of some seconds is late by up to an eighth of its length, and never early (kernel/time/timer.c). */
export const TIMER_LATE: number = 1 / 8

/**
 * Milliseconds. From the kernel's decision to the packet that a capture shows, or the other way round: a kernel timer's
 * own grain (10 ms with HZ=100) and a processor that serves interrupts late. No program has to run in between.
 */
export const KERNEL_MS = 100

/** The kernel's timer of so many milliseconds, at the latest. */
export function timerAtMost(milliseconds: number): number {
  return milliseconds * (1 + TIMER_LATE) + KERNEL_MS
}

/** Whether a program was told of something in time, on a machine on which it did not get to run for `pausedMs`. */
export function isInTime(took: number, pausedMs: number, deadline: number): boolean {
  return took - pausedMs <= deadline
}

/**
 * The module to import in a program of the laboratory that tells when it hears of something: it watches for how long the
 * program did not get to run, which is to be taken off. See pauses.mjs.
 */
export const PAUSES: string = new URL('pauses.mjs', import.meta.url).href

/** What that module exports. */
export interface Pauses {
  watchPauses(): (since: number) => number
}
