/** What `tcp-keepalive/register` installs in an environment: pure, and what `doctor` shows. */
import { readEnvironment } from './environment.ts'
import { peerMatcher } from './match.ts'
import { type KeepAliveOptions, resolveOptions } from './options.ts'
import { planKeepAlive } from './plan.ts'
import type { Reach } from './reach.ts'
import { isNode } from './runtime.ts'

/**
 * The default deadline in milliseconds, if no value is set. On systems where no test shows that living peers survive its
 * user timeout, the user timeout is not changed, and the deadline covers only waiting.
 */
const DEFAULT_DETECT_WITHIN_MS = 60_000

// The entry points load this file for it.
export { planKeepAlive }

export interface Registration {
  readonly options: KeepAliveOptions
  /** Peers; `undefined` for every one. */
  readonly match: readonly string[] | undefined
  /** Accepted connections: all, or those at these local ports. */
  readonly accepted?: true | readonly number[]
  readonly reach: Reach
}

/** @throws as `readEnvironment` does */
export function registrationFrom(variables: Readonly<Record<string, string | undefined>>): Registration {
  const { options: given, leavesUserTimeout, ...scope } = readEnvironment(variables)
  const isBare = Object.keys(given).length === 0
  const options: KeepAliveOptions = isBare ? { detectWithin: DEFAULT_DETECT_WITHIN_MS } : (given as object)
  const leaves = leavesUserTimeout || (isBare && !isWholePromiseShown())
  if (options.detectWithin === undefined || !leaves) return { options, ...scope }
  return { options: { ...planKeepAlive(options).settings, userTimeout: undefined }, ...scope }
}

/**
 * Whether what is asked for can be put off until the first `connect()` of the thread: nothing that others open or accept is meant, and
 * no name, whose lookup may come before.
 *
 * @throws as `readEnvironment` and `installKeepAlive` do
 */
export function isAboutConnectingAlone(variables: Readonly<Record<string, string | undefined>>): boolean {
  const { options, match, accepted, reach } = registrationFrom(variables)
  resolveOptions(options)
  const { names } = peerMatcher(match)
  return reach === 'thread' && accepted === undefined && names === undefined
}

/** On Linux with Node a test shows it. */
function isWholePromiseShown(): boolean {
  return process.platform === 'linux' && isNode()
}
