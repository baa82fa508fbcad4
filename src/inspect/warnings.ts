/** What is wrong with the values in force on a connection, a rule each. */
import { formatDuration } from '../settings/duration.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { detectionOf, probesUntilGivenUp } from '../settings/plan.ts'
import { MIDDLEBOXES } from './middleboxes.ts'

/** What a warning is about. */
export type KeepAliveWarningCode =
  /** Keepalive is off. */
  | 'off'
  /** A dead peer is noticed after an hour or later. */
  | 'slow'
  /** No user timeout: a write in flight can hang for about 15 minutes. */
  | 'no-user-timeout'
  /** The user timeout is so short that one lost probe ends a living connection. */
  | 'one-lost-probe'
  /** The user timeout overrules the count of probes. */
  | 'contradiction'
  /** So few probes that ordinary loss ends a living connection. */
  | 'few-retries'
  /** The first probe comes later than some middlebox forgets the connection. */
  | 'middlebox'
  /** The values are not those that were set with this package. */
  | 'overwritten'

/** Something that a person should look at. */
export interface KeepAliveWarning {
  readonly code: KeepAliveWarningCode
  /** In plain words. */
  readonly message: string
}

/** What the rules look at. */
export interface Inspected {
  readonly held: KeepAlive
  /** Whether the peer is on this very machine. */
  readonly local: boolean
  /** The values that somebody has changed since they were set, in words. */
  readonly overwritten: readonly string[]
  /** `process.platform`. */
  readonly platform: string
}

/** What each rule has to say, or nothing. */
const RULES: Readonly<Record<KeepAliveWarningCode, (inspected: Inspected) => string | undefined>> = {
  off({ held }) {
    if (held.enabled) return undefined
    return 'keepalive is off: while the connection is idle, a dead peer is never noticed'
  },
  slow({ held }) {
    const { idle } = detectionOf(held)
    if (!held.enabled || idle < HOUR) return undefined
    return `while the connection is idle, a dead peer is noticed after ${formatDuration(idle)}`
  },
  'no-user-timeout'({ held }) {
    if (held.userTimeout !== 0) return undefined
    return 'there is no user timeout: a write that nobody acknowledges can hang for about 15 minutes'
  },
  'one-lost-probe'({ held, platform }) {
    if (!isOverruled(held, platform) || probesUntilGivenUp(held) > 1) return undefined
    const timeout = formatDuration(held.userTimeout ?? 0)
    return `with a user timeout of ${timeout}, a single lost probe ends a living connection`
  },
  contradiction({ held, platform }) {
    const probes = probesUntilGivenUp(held)
    if (!isOverruled(held, platform) || probes === 1) return undefined
    return (
      `the user timeout of ${formatDuration(held.userTimeout ?? 0)} overrules the retries: an idle connection is ` +
      `given up after ${probes} unanswered probes, not ${held.retries}`
    )
  },
  'few-retries'({ held, platform }) {
    const probes = followsUserTimeout(held, platform) ? probesUntilGivenUp(held) : held.retries
    if (!held.enabled || probes === undefined || probes >= ENOUGH_RETRIES) return undefined
    if (isOverruled(held, platform) && probes === 1) return undefined // said better
    return `${probes} lost ${probes === 1 ? 'probe ends' : 'probes in a row end'} a living connection: ${ENOUGH_RETRIES} or more ride out ordinary loss`
  },
  middlebox({ held, local }) {
    if (!held.enabled || held.time === undefined || local) return undefined
    const { time } = held
    const sooner = MIDDLEBOXES.filter(({ forgetsAfter }) => forgetsAfter <= time)
    if (sooner.length === 0) return undefined
    const names = sooner.map(({ name, forgetsAfter }) => `${name} (${formatDuration(forgetsAfter)})`)
    return `the first probe, after ${formatDuration(time)}, is too late for what forgets idle connections sooner: ${names.join(', ')}`
  },
  overwritten({ overwritten }) {
    if (overwritten.length === 0) return undefined
    return `somebody has changed what was set: ${overwritten.join(', ')}`
  },
}

const HOUR = 3_600_000

/**
 * Of 400 living connections probed 1 s apart for a minute, at 1 % loss each way: lost all but 120 with one probe, 6 with
 * two, 1 with three.
 */
const ENOUGH_RETRIES = 3

/** All that the rules have to say. */
export function warningsOf(inspected: Inspected): readonly KeepAliveWarning[] {
  const warnings: KeepAliveWarning[] = []
  for (const code of CODES) {
    const message = RULES[code](inspected)
    if (message !== undefined) warnings.push({ code, message })
  }
  return warnings
}

const CODES = Object.keys(RULES) as readonly KeepAliveWarningCode[]

/** Only Linux lets the user timeout decide over probes: elsewhere it is about data in flight. */
function followsUserTimeout(held: KeepAlive, platform: string): boolean {
  return (
    (platform === 'linux' || platform === 'android') && held.userTimeout !== undefined && held.userTimeout > 0
  )
}

function isOverruled(held: KeepAlive, platform: string): boolean {
  return held.enabled && followsUserTimeout(held, platform) && probesUntilGivenUp(held) !== held.retries
}
