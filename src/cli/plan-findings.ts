/** What `plan` finds out. */
import type { Detection, KeepAlive, KeepAliveWarning, Tolerance } from 'tcp-keepalive'
import type { OtherPrograms } from './other-programs.ts'

export interface PlanFindings {
  /** The deadline that the values were solved for, in milliseconds. */
  readonly detectWithin: number | undefined
  readonly settings: KeepAlive
  readonly detection: Detection
  readonly tolerates: Tolerance
  /** The same where the kernel has no TCP_RTO_MAX_MS, before Linux 6.15; `undefined` where that makes no difference. */
  readonly withoutRtoMax: Tolerance | undefined
  /**
   * Up to which retransmission timeout a write keeps the deadline, in milliseconds; `undefined` without a deadline, and where
   * none is solved for writing.
   */
  readonly longestRetransmissionTimeout: number | undefined
  readonly warnings: readonly KeepAliveWarning[]
  readonly others: OtherPrograms
}
