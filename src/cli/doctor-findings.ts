/** What `doctor` finds out. */
import type { Capabilities, Detection, KeepAlive } from 'tcp-keepalive'

export interface DoctorFindings {
  readonly version: string
  readonly runtime: string
  readonly platform: string
  readonly binary: Binary
  readonly capabilities: Capabilities
  /** What a socket has to which nobody has done anything, and what it would mean with keepalive turned on. */
  readonly system: { readonly defaults: KeepAlive; readonly detectionIfOn: Detection } | undefined
}

/** The native binary: where it was loaded from, or why it was not. */
export interface Binary {
  readonly loaded: boolean
  readonly path: string | undefined
  readonly problem: string | undefined
}
