/** `tcp-keepalive plan`: shows what values mean. */
import { type KeepAlive, type KeepAliveOptions, planKeepAlive } from 'tcp-keepalive'
import { warningsOf } from '../inspect/warnings.ts'
import { isLinux } from '../settings/capabilities.ts'
import { longestRetransmissionTimeout } from '../settings/detection.ts'
import { formatDuration } from '../settings/duration.ts'
import { otherPrograms } from './other-programs.ts'
import type { PlanFindings } from './plan-findings.ts'
import { planText } from './plan-text.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { durationOf, optionsOf, parse, understood, UsageError, VALUE_OPTIONS } from './usage.ts'

/** The shortest deadline. */
const SHORTEST_SECONDS = 5

/** Planned if no option is given. */
const DEFAULT: KeepAliveOptions = { detectWithin: 60_000 }

export function plan(args: string[]): number {
  const { values, positionals } = parse(args, {
    ...VALUE_OPTIONS,
    tolerate: { type: 'string' },
    json: { type: 'boolean' },
  })
  if (positionals.length > 0) {
    throw new UsageError('give values to plan, as in --detect-within 30s or --time 60s --retries 5')
  }
  const asked = optionsOf(values)
  if (values.tolerate !== undefined && asked !== undefined) {
    throw new UsageError('--tolerate solves for all values, so no other value can be given')
  }
  const options =
    values.tolerate === undefined ? (asked ?? DEFAULT) : shortestFor(durationOf('tolerate', values.tolerate))
  const found = examine(options)
  if (values.json) sayJson(found)
  else say(planText(found, paintFor(process.stdout)))
  return 0
}

function examine(options: KeepAliveOptions): PlanFindings {
  const { settings, detection, tolerates } = understood(() => planKeepAlive(options))
  const { platform } = process
  const before = planKeepAlive(settings).tolerates // without a deadline, TCP_RTO_MAX_MS is not set
  return {
    detectWithin: options.detectWithin,
    settings,
    detection,
    tolerates,
    longestRetransmissionTimeout: longestFor(options, settings),
    withoutRtoMax: before.write === tolerates.write ? undefined : before,
    warnings: warningsOf({
      held: settings,
      local: false,
      overwritten: [],
      platform,
      planned: true,
      deadline: options.detectWithin,
    }),
    others: otherPrograms(settings),
  }
}

function longestFor({ detectWithin }: KeepAliveOptions, { userTimeout = 0 }: KeepAlive): number | undefined {
  return detectWithin === undefined || userTimeout === 0 || !isLinux(process.platform)
    ? undefined
    : longestRetransmissionTimeout(userTimeout, detectWithin)
}

/**
 * The shortest deadline in whole seconds with which a living peer survives an outage of this many milliseconds. Connecting may
 * end sooner, if the system itself stops trying earlier even without a user timeout.
 */
function shortestFor(outage: number): KeepAliveOptions {
  for (let seconds = Math.max(SHORTEST_SECONDS, Math.ceil(outage / 1000)); ; seconds++) {
    const options = { detectWithin: seconds * 1000 }
    if (survives(options, outage)) return options
  }
}

function survives(options: KeepAliveOptions, outage: number): boolean {
  try {
    const { idle, write = idle, connect = outage } = planKeepAlive(options).tolerates
    const { connect: longest = outage } = planKeepAlive({ userTimeout: 0 }).tolerates
    return Math.min(idle, write) >= outage && connect >= Math.min(outage, longest)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') throw error
    throw new UsageError(`--tolerate: no deadline is long enough to survive ${formatDuration(outage)}`)
  }
}
