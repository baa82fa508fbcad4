/** The findings of `doctor`. */
import type { Capabilities, Detection, KeepAlive, KeepAlivePlan } from 'tcp-keepalive'

export interface DoctorFindings {
  readonly version: string
  readonly runtime: string
  readonly platform: string
  readonly binary: Binary
  readonly capabilities: Capabilities
  /** The values of a new socket, and when it would detect a dead peer if keepalive were turned on. */
  readonly system: { readonly defaults: KeepAlive; readonly detectionIfOn: Detection } | undefined
  readonly register: RegisterFindings
}

/** What `tcp-keepalive/register` would do in this environment. */
export interface RegisterFindings {
  /** The TCP_KEEPALIVE_* variables that are set. */
  readonly variables: Readonly<Record<string, string>>
  /** Whether `register` stops a program that it cannot protect. */
  readonly required: boolean
  readonly off: boolean
  /** Why the variables are invalid. */
  readonly problem: string | undefined
  /** The patterns of the peers; `undefined` for all peers. */
  readonly match: readonly string[] | undefined
  /** Which accepted connections are covered: all (`true`), or those at these local ports. Left out if none are. */
  readonly accepted?: true | readonly number[]
  /** Which connections are covered: those that JavaScript opens in each thread, or all of the process. */
  readonly reach: 'thread' | 'process'
  /** `undefined` if nothing would be installed. */
  readonly plan: KeepAlivePlan | undefined
}

/** The native binary: where it was loaded from, or why it could not be loaded. */
export interface Binary {
  readonly loaded: boolean
  readonly path: string | undefined
  readonly problem: string | undefined
}
