/** A claim on a socket: the values that a hold or an install wants to stay in force on it. */
import type { Socket } from 'node:net'
import { invalidArgType } from '../settings/errors.ts'
import { type KeepAliveOptions, type KernelValues, LEAVE, resolveOptions } from '../settings/options.ts'

/** A hold or an install. */
export interface Claim {
  readonly by: 'hold' | 'install'
  /** The object is replaced, never changed. Its identity shows which values a socket got last. */
  readonly values: KernelValues
  /** Until it is released. */
  readonly active: boolean
  /** For a hold on a server: the open connections that the server has accepted during the hold. */
  readonly accepted?: Set<Socket>
}

/** Claims that cover many sockets, newest first. */
export type Claims = readonly Claim[]

export const NO_CLAIMS: Claims = []

let latest: KernelValues | undefined

/** Checks the options of a hold. Many holds of the same values share one object. */
export function valuesToHold(options: KeepAliveOptions | number): KernelValues {
  // A hold of "off" is { enabled: false }; `false` itself is how a hold is ended.
  if ((options as unknown) === false) {
    throw invalidArgType('options', 'an object or a number of milliseconds', options)
  }
  const values = resolveOptions(options)
  if (latest === undefined || !areSame(latest, values)) latest = values
  return latest
}

/** Whether all values that Node's own call can set are held. Then the call need not reach Node. */
export function coverNodeCall({ timeSeconds, intervalSeconds, retries }: KernelValues): boolean {
  return timeSeconds !== LEAVE && intervalSeconds !== LEAVE && retries !== LEAVE
}

function areSame(a: KernelValues, b: KernelValues): boolean {
  return (
    a.enabled === b.enabled &&
    a.timeSeconds === b.timeSeconds &&
    a.intervalSeconds === b.intervalSeconds &&
    a.retries === b.retries &&
    a.userTimeoutMs === b.userTimeoutMs &&
    a.deadlineMs === b.deadlineMs &&
    a.connectTimeoutMs === b.connectTimeoutMs
  )
}
