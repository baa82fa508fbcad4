/** A claim on a socket: the values that somebody wants to stay in force on it. */
import { invalidArgType } from '../settings/errors.ts'
import { type KeepAliveOptions, type KernelValues, LEAVE, resolveOptions } from '../settings/options.ts'

/** A hold or an install. */
export interface Claim {
  readonly by: 'hold' | 'install'
  /** Replaced as a whole, never changed: which values a socket got last is known by their identity. */
  readonly values: KernelValues
  /** Until it is released. */
  readonly active: boolean
}

/** Claims that cover many sockets, newest first. */
export type Claims = readonly Claim[]

export const NO_CLAIMS: Claims = []

let latest: KernelValues | undefined

/** Checks what is to be held. Many holds of the same values share one object. */
export function valuesToHold(options: KeepAliveOptions | number): KernelValues {
  // A hold of "off" is { enabled: false }; `false` itself is how a hold is ended.
  if ((options as unknown) === false) {
    throw invalidArgType('options', 'an object or a number of milliseconds', options)
  }
  const values = resolveOptions(options)
  if (latest === undefined || !areSame(latest, values)) latest = values
  return latest
}

/** The values with the fields of `asked` that are not left out. */
export function amend(values: KernelValues, asked: KernelValues): KernelValues {
  return {
    enabled: asked.enabled,
    timeSeconds: asked.timeSeconds === LEAVE ? values.timeSeconds : asked.timeSeconds,
    intervalSeconds: asked.intervalSeconds === LEAVE ? values.intervalSeconds : asked.intervalSeconds,
    retries: asked.retries === LEAVE ? values.retries : asked.retries,
    userTimeoutMs: asked.userTimeoutMs === LEAVE ? values.userTimeoutMs : asked.userTimeoutMs,
  }
}

/** Whether everything that Node's own call can write is held, so that the call would change nothing. */
export function coverNode({ timeSeconds, intervalSeconds, retries }: KernelValues): boolean {
  return timeSeconds !== LEAVE && intervalSeconds !== LEAVE && retries !== LEAVE
}

function areSame(a: KernelValues, b: KernelValues): boolean {
  return (
    a.enabled === b.enabled &&
    a.timeSeconds === b.timeSeconds &&
    a.intervalSeconds === b.intervalSeconds &&
    a.retries === b.retries &&
    a.userTimeoutMs === b.userTimeoutMs
  )
}
