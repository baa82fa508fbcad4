/** `tcp-keepalive drill`: cuts off connections of a running program, and shows which deaths are detected. */
import { addressMatcher } from './address-matcher.ts'
import { drillCommand } from './drill-command.ts'
import type { DrillReport, Shown } from './drill-findings.ts'
import { heal } from './drill-heal.ts'
import { drillSummary, drillTable, progressLine } from './drill-text.ts'
import { type Asked, Session } from './drill-session.ts'
import { exitCodeOf, UNKNOWN } from './drill-verdict.ts'
import { checkHopMinimum } from '../socket/hop-minimum.ts'
import { signals } from './stop-signals.ts'
import { complain, paintFor, say, sayJson, widthOf } from './terminal.ts'
import { durationOf, isPid, parse, pidFrom, UsageError } from './usage.ts'

/** The default deadline of `register`. */
const WITHIN_MS = 60_000

export async function drill(args: string[]): Promise<number> {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const command = args.slice(end + 1)
  const { values, positionals } = parse(args.slice(0, end), {
    match: { type: 'string', multiple: true },
    within: { type: 'string' },
    for: { type: 'string' },
    new: { type: 'boolean' },
    heal: { type: 'boolean' },
    json: { type: 'boolean' },
  })
  const [other] = command
  if (other === undefined) refuseCommand(positionals, values.heal === true)
  else if (positionals.length > 0 || values.heal)
    throw new UsageError(
      `give a PID, or a command after --, not both: ${[...positionals, '--', other].join(' ')}`,
    )
  if (values.heal) refuseForHeal(values)
  checkHopMinimum()
  if (values.heal) return heal(pidOf(positionals), values.json === true)
  if (values.match === undefined)
    throw new UsageError('say which connections to break, as in --match "*:5432"')
  const matcher = addressMatcher(values.match)
  const asked: Asked = {
    within: values.within === undefined ? WITHIN_MS : timeOf('within', values.within),
    time: values.for === undefined ? undefined : timeOf('for', values.for),
    withNew: values.new === true,
  }
  const json = values.json === true
  const show = json ? (): void => {} : liveTable(process.stdout, command.length > 0)
  const stopped = signals()
  process.exitCode = UNKNOWN // if it ends too early
  if (command.length === 0) {
    const report = await new Session(pidOf(positionals), matcher, asked).run(show, stopped.once)
    return printed([report], json ? report : undefined)
  }
  const reports = await drillCommand(command, matcher, { ...asked, json }, show, stopped)
  if (reports.length === 0) complain('this was stopped before the drill began')
  return printed(reports, json ? reports : undefined)
}

/** @returns the exit code */
function printed(reports: readonly DrillReport[], inJson: unknown): number {
  if (inJson !== undefined) sayJson(inJson)
  else if (reports.length > 0) for (const line of drillSummary(reports, paintFor(process.stdout))) say(line)
  return exitCodeOf(reports)
}

/** Refuses what is not a PID; a command without `--` is the likely reason. */
function refuseCommand(positionals: readonly string[], isHeal: boolean): void {
  const [first] = positionals
  if (!isHeal && first !== undefined && !isPid(first))
    throw new UsageError(
      `"${first}" is not the number of a process; a command to start stands behind --, as in -- ${positionals.join(' ')}`,
    )
  pidOf(positionals)
}

function pidOf([text, ...others]: readonly string[]): number {
  if (text === undefined) throw new UsageError('give a process by its PID, or -- and a command to start')
  const pid = pidFrom(text)
  if (others.length > 0) throw new UsageError('one process at a time')
  return pid
}

/** Refuses the options that mean nothing with `--heal`. */
function refuseForHeal(values: Readonly<Record<string, unknown>>): void {
  const other = Object.keys(values).find((name) => name !== 'heal' && name !== 'json')
  if (other !== undefined)
    throw new UsageError(`--${other} means nothing with --heal, which restores every connection`)
}

function timeOf(flag: string, text: string): number {
  const time = durationOf(flag, text)
  if (time === 0) throw new UsageError(`--${flag}: a drill needs more time than ${text}`)
  return time
}

/**
 * Redraws one table on a terminal. Elsewhere it prints a new table after each change.
 *
 * @param isShared whether a program writes to the same terminal, so that nothing may be overwritten
 */
function liveTable(stream: NodeJS.WriteStream, isShared: boolean): (processes: readonly Shown[]) => void {
  const paint = paintFor(stream)
  let last: readonly string[] = []
  return (processes) => {
    if (processes.length === 0) return
    const whole = drillTable(processes, paint)
    const isDrawn = stream.isTTY && !isShared
    // Lines that have scrolled away cannot be overwritten.
    const isTooHigh =
      isDrawn && heightOf(whole, stream) >= stream.rows && !processes.every((each) => 'healed' in each)
    const lines = isTooHigh ? [progressLine(processes)] : whole
    if (lines.join('\n') === last.join('\n')) return
    const height = isDrawn ? heightOf(last, stream) : 0
    say((height > 0 ? `\r\u001B[${height}A\u001B[J` : '') + lines.join('\n'))
    last = lines
  }
}

/** How many rows of the terminal the lines take: a line that is too long is wrapped. */
function heightOf(lines: readonly string[], { columns }: NodeJS.WriteStream): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / (columns || 80))), 0)
}
