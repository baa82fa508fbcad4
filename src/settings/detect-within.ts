/** The solver: from one deadline to the four values. */
import type { Capabilities } from './capabilities.ts'
import { invalidArgType, milliseconds, outOfRange } from './errors.ts'

/** Less than this leaves no room for two probes and a late timer. */
const SHORTEST_MS = 5000

/** What the kernel takes in flight before its user timeout starts to count: until the first retransmission. */
export const IN_FLIGHT_LEAD_MS = 500

/** More probes than this buy nothing against loss, and fewer are fatal sooner. */
const MOST_RETRIES = 5

/** The four values, in the kernel's units. */
export interface SolvedValues {
  readonly timeSeconds: number
  readonly intervalSeconds: number
  readonly retries: number
  readonly userTimeoutMs: number
}

/**
 * The values with which the kernel reports a dead peer at most `detectWithin` ms after it was last heard, or after
 * the program's own write.
 *
 * A Linux timer may be late by an eighth of its length (kernel/time/timer.c: the wheel's levels have 64 buckets of
 * eight times coarser grain each), so the values fill ⌊8/9⌋ of the deadline: T whole seconds. Between T and the
 * deadline there is room for that eighth. The probes take up the last half of T, so that a living peer is left in
 * peace before. The user timeout is a little less than T: with one set, the drop comes at the first probe's time
 * at or after it, and in flight the kernel starts to count late.
 */
export function solveDetectWithin(detectWithin: unknown, capabilities: Capabilities): SolvedValues {
  if (typeof detectWithin !== 'number') {
    throw invalidArgType('options.detectWithin', 'of type number (milliseconds)', detectWithin)
  }
  // The time is more than half of T, so twice its limit is surely solvable.
  const longest = capabilities.time.max * 2
  if (!(detectWithin >= SHORTEST_MS && detectWithin <= longest)) {
    const unit = milliseconds(detectWithin, 1000) // from 1000 on they are milliseconds, only too few
    throw outOfRange('options.detectWithin', `>= ${SHORTEST_MS} && <= ${longest} ${unit}`, detectWithin)
  }
  const total = Math.floor((8 * detectWithin) / 9 / 1000)
  const retries = Math.min(MOST_RETRIES, total - 1)
  const intervalSeconds = Math.max(1, Math.floor(total / 10))
  const { step } = capabilities.userTimeout
  return {
    timeSeconds: total - intervalSeconds * retries,
    intervalSeconds,
    retries,
    userTimeoutMs: Math.floor((total * 1000 - IN_FLIGHT_LEAD_MS) / step) * step,
  }
}
