/** The findings of `plan`. */
import type { Detection, KeepAlive, KeepAliveWarning, Tolerance } from 'tcp-keepalive'
import type { OtherPrograms } from './other-programs.ts'

export interface PlanFindings {
  /** The deadline that the values were solved for, in milliseconds. */
  readonly detectWithin: number | undefined
  readonly settings: KeepAlive
  readonly detection: Detection
  readonly tolerates: Tolerance
  /** The tolerance without TCP_RTO_MAX_MS, that is before Linux 6.15; `undefined` if it is the same. */
  readonly withoutRtoMax: Tolerance | undefined
  /**
   * The longest retransmission timeout with which a write keeps the deadline on a raw descriptor, in milliseconds. `undefined` without a
   * deadline, and if no user timeout is solved for it.
   */
  readonly longestRetransmissionTimeout: number | undefined
  readonly warnings: readonly KeepAliveWarning[]
  readonly others: OtherPrograms
}
