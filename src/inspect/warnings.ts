/** The rules that find problems in the values of a connection. */
import { shortened } from '../deadline/shortened.ts'
import { capabilities, isLinux } from '../settings/capabilities.ts'
import { rtoMaxFor } from '../settings/detect-within.ts'
import { formatDuration } from '../settings/duration.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import {
  detectionOf,
  followsUserTimeout,
  isBsd,
  latestWrite,
  probesUntilGivenUp,
} from '../settings/detection.ts'
import { fewestSyns, toleranceOf } from '../settings/tolerance.ts'
import { MIDDLEBOXES } from './middleboxes.ts'

/** What a warning is about. */
export type KeepAliveWarningCode =
  /** Keepalive is off. */
  | 'off'
  /** A dead peer is noticed after an hour or later. */
  | 'slow'
  /** No user timeout: a write can hang as long as the system retransmits it, on Linux about 15 minutes. */
  | 'no-user-timeout'
  /** The user timeout is so short that one lost probe can end a living connection. */
  | 'one-lost-probe'
  /** The user timeout, not `retries`, decides after how many probes the connection ends. */
  | 'contradiction'
  /** There are so few probes that ordinary packet loss ends a living connection. */
  | 'few-retries'
  /** Some middleboxes forget the connection before the first probe. */
  | 'middlebox'
  /** Only for a plan: there are so few SYNs before the user timeout that ordinary packet loss fails an attempt to connect. */
  | 'few-syns'
  /** Only for a plan: an ordinary outage of a few seconds ends a living connection. */
  | 'short-tolerance'
  /** Before Linux 6.15: the retransmission timeout is so long that the error of a write may come after the deadline. */
  | 'late-write'
  /** The values differ from those that were set with this package. */
  | 'overwritten'

/** A problem that a person should look at. */
export interface KeepAliveWarning {
  /** The rule that found it; for programs. */
  readonly code: KeepAliveWarningCode
  /** The problem in plain words; for people. */
  readonly message: string
}

/** The input of the rules. */
export interface Inspected {
  readonly held: KeepAlive
  /** Whether the peer is on this machine. */
  readonly local: boolean
  /** The values that were changed since they were set, in words. */
  readonly overwritten: readonly string[]
  /** `process.platform`. */
  readonly platform: string
  /** Whether the connection is not made yet, as for a plan. */
  readonly planned?: boolean
  /** The `detectWithin` that its user timeout was solved for. */
  readonly deadline?: number | undefined
  /** How long the kernel waits for an acknowledgement before it first retransmits. */
  readonly retransmissionTimeout?: number | undefined
  /** Whether TCP_RTO_MAX_MS limits it: `capabilities.rtoMax.settable`. */
  readonly hasRtoMax?: boolean
}

/** The rules. Each returns its message, or nothing. */
const RULES: Readonly<Record<KeepAliveWarningCode, (inspected: Inspected) => string | undefined>> = {
  off({ held, platform }) {
    if (held.enabled) return undefined
    const unless = platform === 'freebsd' ? ' unless net.inet.tcp.always_keepalive is 1' : ''
    return `keepalive is off: while the connection is idle, a dead peer is never noticed${unless}`
  },
  slow({ held, platform }) {
    const { idle } = detectionOf(held, platform)
    if (!held.enabled || held.time === undefined || idle < HOUR) return undefined
    return `while the connection is idle, a dead peer is noticed after ${formatDuration(idle)}`
  },
  'no-user-timeout'({ held, platform }) {
    if (held.userTimeout !== 0 || keepaliveEndsWrites(held, platform)) return undefined
    const long = isLinux(platform) ? 'for about 15 minutes' : 'until the system has sent it often enough'
    return `there is no user timeout: a write that nobody acknowledges can hang ${long}`
  },
  'one-lost-probe'({ held, platform }) {
    if (!oneLostProbeIsFatal(held, platform)) return undefined
    const timeout = formatDuration(held.userTimeout ?? 0)
    return `with a user timeout of ${timeout}, a single lost probe can end a living connection`
  },
  contradiction({ held, platform }) {
    const probes = probesUntilGivenUp(held, platform)
    if (!isOverruled(held, platform) || oneLostProbeIsFatal(held, platform)) return undefined
    return (
      `the user timeout of ${formatDuration(held.userTimeout ?? 0)} overrules the retries: an idle connection is ` +
      `given up after ${probes} unanswered probes, not ${held.retries}`
    )
  },
  'few-retries'({ held, platform }) {
    const probes = followsUserTimeout(held, platform) ? probesUntilGivenUp(held, platform) : held.retries
    if (!held.enabled || probes === undefined || probes >= ENOUGH_RETRIES) return undefined
    if (oneLostProbeIsFatal(held, platform)) return undefined // said better
    return `${probes} lost ${probes === 1 ? 'probe ends' : 'probes in a row end'} a living connection: ${ENOUGH_RETRIES} or more ride out ordinary loss`
  },
  middlebox({ held, local, platform }) {
    if (!held.enabled || held.time === undefined || local) return undefined
    const latest = latestFirstProbe(held.time, platform)
    const sooner = MIDDLEBOXES.filter(({ forgetsAfter }) => forgetsAfter <= latest)
    if (sooner.length === 0) return undefined
    const late = formatDuration(Math.ceil(latest / 1000) * 1000)
    const names = sooner.map(({ name, forgetsAfter }) => `${name} (${formatDuration(forgetsAfter)})`)
    return `the first probe may come as late as ${late}, too late for what forgets idle connections sooner: ${names.join(', ')}`
  },
  'few-syns'({ held: { userTimeout = 0 }, platform, planned }) {
    const syns = fewestSyns(userTimeout)
    if (!planned || !isLinux(platform) || syns > FEW_SYNS) return undefined
    const failing = Number((UNANSWERED ** syns * 100).toPrecision(1))
    return (
      `while connecting, as few as ${syns} ${syns === 1 ? 'SYN is' : 'SYNs are'} sent before the user timeout of ` +
      `${formatDuration(userTimeout)}: at 10 % loss each way ${failing} % of attempts to reach a living peer fail`
    )
  },
  'short-tolerance'({ held, platform, planned, deadline }) {
    const rtoMax = deadline === undefined ? undefined : rtoMaxFor(deadline)
    const { idle, write = idle } = toleranceOf(held, rtoMax, platform)
    const survived = Math.min(idle, write)
    if (!planned || survived === 0 || survived >= ORDINARY_OUTAGE_MS) return undefined // 0: few probes, said above
    return (
      `an outage of ${formatDuration(survived)} can end a living connection, and a link that fails over takes longer at times: ` +
      '--tolerate 20s plans for that'
    )
  },
  'late-write'(inspected) {
    const { deadline, retransmissionTimeout, hasRtoMax = capabilities.rtoMax.settable, held } = inspected
    if (deadline === undefined || retransmissionTimeout === undefined) return undefined
    const rtoMax = hasRtoMax ? rtoMaxFor(deadline) : Number.POSITIVE_INFINITY
    const wait = { retransmissionTimeout, roundTrip: -1 }
    const userTimeout = shortened(held.userTimeout ?? 0, wait, deadline, rtoMax)
    if (latestWrite(userTimeout, retransmissionTimeout, rtoMax) <= deadline) return undefined
    return (
      `the retransmission timeout is ${formatDuration(retransmissionTimeout)}, as after a lost SYN-ACK or an outage: ` +
      `a write may detect a dead peer only after ${formatDuration(deadline)}`
    )
  },
  overwritten({ overwritten }) {
    if (overwritten.length === 0) return undefined
    return `somebody has changed what was set: ${overwritten.join(', ')}`
  },
}

const HOUR = 3_600_000

/**
 * Measured with 400 living connections, probed every second for a minute, at 1 % loss each way: one probe lost 280 of them, two
 * lost 6, three lost 1.
 */
const ENOUGH_RETRIES = 3

/**
 * The shortest outage that a living peer should survive. Link aggregation detects a failed link after 3 s (IEEE 802.1AX, short
 * timeout), and a virtual machine pauses for a second or more during a migration.
 */
const ORDINARY_OUTAGE_MS = 4000

/** With three SYNs about 0.7 % of attempts fail at 10 % loss each way; the fourth comes only 7 s after the first. */
const FEW_SYNS = 3

/** How often a packet or its answer is lost, at 10 % each way. */
const UNANSWERED = 1 - 0.9 ** 2

/** The messages of all rules. */
export function warningsOf(inspected: Inspected): readonly KeepAliveWarning[] {
  const warnings: KeepAliveWarning[] = []
  for (const code of CODES) {
    const message = RULES[code](inspected)
    if (message !== undefined) warnings.push({ code, message })
  }
  return warnings
}

const CODES = Object.keys(RULES) as readonly KeepAliveWarningCode[]

/** A Linux timer may be late by an eighth of its length: see `solveDetectWithin`. */
function latestFirstProbe(time: number, platform: string): number {
  return isLinux(platform) ? (time * 9) / 8 : time
}

/** The user timeout ends within an interval after the first probe, so the retries do not matter. */
function oneLostProbeIsFatal(held: KeepAlive, platform: string): boolean {
  const { enabled, time = 0, interval = 0, retries, userTimeout = 0 } = held
  if (!enabled || !followsUserTimeout(held, platform) || retries === 1) return false
  return userTimeout <= latestFirstProbe(time, platform) + interval
}

/** On systems where keepalive also probes while data is in flight, it ends a write too, whatever the user timeout is. */
function keepaliveEndsWrites(held: KeepAlive, platform: string): boolean {
  return isBsd(platform) && (detectionOf(held, platform).write ?? HOUR) < HOUR
}

function isOverruled(held: KeepAlive, platform: string): boolean {
  if (!held.enabled || !followsUserTimeout(held, platform)) return false
  return probesUntilGivenUp(held, platform) !== held.retries
}
