/** `tcp-keepalive plan`: what values mean. */
import { planKeepAlive } from 'tcp-keepalive'
import { warningsOf } from '../inspect/warnings.ts'
import { otherPrograms } from './other-programs.ts'
import { planText } from './plan-text.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { optionsOf, parse, understood, UsageError, VALUE_OPTIONS } from './usage.ts'

export function plan(args: string[]): number {
  const { values, positionals } = parse(args, { ...VALUE_OPTIONS, json: { type: 'boolean' } })
  const options = optionsOf(values)
  if (options === undefined || positionals.length > 0) {
    throw new UsageError('say what is to be planned, as in --detect-within 30s or --time 60s --retries 5')
  }
  const { settings, detection } = understood(() => planKeepAlive(options))
  const { platform } = process
  const found = {
    settings,
    detection,
    warnings: warningsOf({ held: settings, local: false, overwritten: [], platform }),
    others: otherPrograms(settings),
  }
  if (values.json) sayJson(found)
  else say(planText(found, paintFor(process.stdout)))
  return 0
}
