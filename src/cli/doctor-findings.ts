/** What `doctor` finds out. */
import type { Capabilities, Detection, KeepAlive, KeepAlivePlan } from 'tcp-keepalive'

export interface DoctorFindings {
  readonly version: string
  readonly runtime: string
  readonly platform: string
  readonly binary: Binary
  readonly capabilities: Capabilities
  /** What a socket has to which nobody has done anything, and what it would mean with keepalive turned on. */
  readonly system: { readonly defaults: KeepAlive; readonly detectionIfOn: Detection } | undefined
  readonly register: RegisterFindings
}

/** What `tcp-keepalive/register` would do in this environment. */
export interface RegisterFindings {
  /** The TCP_KEEPALIVE_* variables that are set. */
  readonly variables: Readonly<Record<string, string>>
  /** Whether a program that cannot be protected is stopped. */
  readonly required: boolean
  readonly off: boolean
  /** What is wrong with the variables. */
  readonly problem: string | undefined
  /** The peers that are meant; `undefined` for every one. */
  readonly match: readonly string[] | undefined
  /** What servers accept, if it is meant too: all, or what comes in at these local ports. */
  readonly accepted?: true | readonly number[]
  /** Which connections are meant: of the threads' JavaScript, or all of the process. */
  readonly reach: 'thread' | 'process'
  /** `undefined` where nothing would be installed. */
  readonly plan: KeepAlivePlan | undefined
}

/** The native binary: where it was loaded from, or why it was not. */
export interface Binary {
  readonly loaded: boolean
  readonly path: string | undefined
  readonly problem: string | undefined
}
