/** Reports failures inside events, where a throw would be an uncaught exception. */
import { isError } from '../settings/errors.ts'
import { channelNamed } from './channel.ts'
import { shared } from './shared.ts'

/** The message on `tcp-keepalive:error` when a socket or server did not get all of its values in an event. */
export interface KeepAliveFailure {
  /**
   * The socket or server. For a connection that `reach: 'process'` found: `{ descriptor, peer }`, or the peer if `match` threw.
   * If the sweep of the process itself failed: an empty object.
   */
  readonly target: object
  /** The error. If the system refused an option, `error.option` is its name, and the other values are set. */
  readonly error: unknown
}

const errors = channelNamed('tcp-keepalive:error')
const warning = shared('warning', () => ({ given: false }))

/**
 * Publishes on the diagnostics channel `tcp-keepalive:error`, and warns once in this thread. Loads nothing: the caller
 * has called `prepareForEvents()` before.
 */
export function reportFailure(target: object, error: unknown): void {
  report(target, error, 'A socket did not get its values and is unprotected')
}

/** Reports each option that the system refused. The other values are set. */
export function reportRefusals(target: object, refusals: readonly Error[]): void {
  for (const error of refusals) report(target, error, 'A socket did not get one of its values')
}

function report(target: object, error: unknown, what: string): void {
  if (errors().hasSubscribers) errors().publish({ target, error } satisfies KeepAliveFailure)
  if (warning.given) return
  warning.given = true
  process.emitWarning(`${what}: ${reasonOf(error)}`, {
    code: 'TCP_KEEPALIVE_NOT_SET',
    detail: 'Shown once a thread; every case is published on the diagnostics channel tcp-keepalive:error.',
  })
}

/** Accepts any value: a program's own function may fail here, and may throw a value that cannot be read. */
function reasonOf(error: unknown): string {
  try {
    return String(isError(error) ? error.message : error)
  } catch {
    return 'what was thrown cannot be shown'
  }
}
