/** Formats a plan. */
import { formatDuration } from '../settings/duration.ts'
import { probesUntilGivenUp } from '../settings/detection.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import type { OtherPrograms } from './other-programs.ts'
import type { PlanFindings } from './plan-findings.ts'
import { type Paint, table, wrapped } from './terminal.ts'
import { type Mark, timeline } from './timeline.ts'

/** The width of the timelines. With the indentation they fit into 80 columns. */
const WIDTH = 74

export function planText(found: PlanFindings, paint: Paint): string {
  const { settings, warnings, others } = found
  return [
    ...deadlineLines(found, paint),
    ...valueLines(settings, paint),
    '',
    ...idleLines(found, paint),
    '',
    ...writeLines(found, paint),
    '',
    ...connectLines(found, paint),
    '',
    ...warnings.flatMap(({ message }) => wrapped(`! ${message}`, '    ').map(paint.doubtful)),
    ...(warnings.length > 0 ? [''] : []),
    paint.bold('The same for others'),
    ...otherLines(others, paint),
  ].join('\n')
}

/** The deadline, as an option of the command line. */
function deadlineLines({ detectWithin }: PlanFindings, paint: Paint): string[] {
  return detectWithin === undefined ? [] : [paint.bold(`--detect-within ${detectWithin / 1000}s`)]
}

function idleLines({ settings, detection, tolerates }: PlanFindings, paint: Paint): string[] {
  const { idle } = detection
  return [
    paint.bold(`While the program only waits, a dead peer is noticed after ${formatDuration(idle)}`),
    ...(settings.enabled ? indented(idleLine(settings, idle)) : []),
    ...survived(tolerates.idle),
  ]
}

function writeLines(found: PlanFindings, paint: Paint): string[] {
  const { settings, detection, tolerates, withoutRtoMax } = found
  const { write } = detection
  if (write === undefined)
    return [paint.bold('When it writes, after a time that is not known on this system')]
  // If the tolerance of a write is not known, keepalive ends the connection at this time at the latest.
  if (tolerates.write === undefined)
    return [paint.bold(`When it writes, after at most ${formatDuration(write)}`)]
  return [
    paint.bold(`When it writes, after ${formatDuration(write)}`),
    ...indented(writeLine(settings, write)),
    ...survived(tolerates.write, withoutRtoMax?.write),
    ...laterLines(found),
  ]
}

/** When the death is detected only after the deadline of a write. docs/limits.md has the reasons. */
function laterLines({ detectWithin, longestRetransmissionTimeout }: PlanFindings): string[] {
  if (detectWithin === undefined || longestRetransmissionTimeout === undefined) return []
  const longest = formatDuration(longestRetransmissionTimeout)
  return [
    `  It may take more than ${formatDuration(detectWithin)}:`,
    `  - on a raw descriptor, from a retransmission timeout of ${longest} on; after a lost SYN-ACK it is 3 s`,
    `  - before Linux 6.15, from one of ${formatDuration(detectWithin / 5)} on, and if the peer stopped reading before it died`,
  ]
}

function connectLines({ detection, tolerates }: PlanFindings, paint: Paint): string[] {
  const { connect } = detection
  if (connect === undefined) {
    return [paint.bold('When it connects, after a time that is not known on this system')]
  }
  return [paint.bold(`When it connects, after ${formatDuration(connect)}`), ...survived(tolerates.connect)]
}

/** @param before the outage that a peer survives before Linux 6.15, if it differs */
function survived(outage: number | undefined, before?: number): string[] {
  if (outage === undefined) return []
  const older = before === undefined ? '' : `; before Linux 6.15, ${formatDuration(before)}`
  return [`  A living peer survives an outage of ${formatDuration(outage)}${older}.`]
}

function valueLines(settings: KeepAlive, paint: Paint): string[] {
  const { enabled, time = 0, interval = 0, retries, userTimeout = 0 } = settings
  const meaning = (text: string): string => paint.dim(text)
  return table([
    ['  keepalive', enabled ? 'on' : 'off', meaning('whether the kernel probes at all')],
    ['  time', formatDuration(time), meaning('silence before the first probe')],
    ['  interval', formatDuration(interval), meaning('between unanswered probes')],
    ['  retries', String(retries), meaning('unanswered probes before the kernel gives up')],
    [
      '  user timeout',
      userTimeout === 0 ? 'none' : formatDuration(userTimeout),
      meaning('how long sent data may stay unacknowledged'),
    ],
  ])
}

function idleLine(settings: KeepAlive, end: number): readonly string[] {
  const { time = 0, interval = 0 } = settings
  const count = probesUntilGivenUp(settings)
  const marks: Mark[] = [{ at: 0, sign: '●', labels: ['0 s', 'last heard'] }]
  const probes = `${count} ${count === 1 ? 'probe' : 'probes'}, ${formatDuration(interval)} apart`
  for (let probe = 0; probe < count; probe++) {
    const labels = probe === 0 ? ([formatDuration(time), probes] as const) : undefined
    marks.push({ at: time + probe * interval, sign: '┿', ...(labels && { labels }) })
  }
  return timeline([...marks, { at: end, sign: '✖', labels: [formatDuration(end), 'detected'] }], WIDTH)
}

function writeLine({ userTimeout = 0 }: KeepAlive, end: number): readonly string[] {
  const why = userTimeout > 0 ? 'sent again until the user timeout' : 'sent again until tcp_retries2'
  return timeline(
    [
      { at: 0, sign: '●', labels: ['0 s', `write, ${why}`] },
      { at: end, sign: '✖', labels: [formatDuration(end), 'detected'] },
    ],
    WIDTH,
  )
}

function otherLines({ libpq, pgbouncer, sysctl }: OtherPrograms, paint: Paint): string[] {
  return [
    paint.dim('  libpq: a connection string of psql, psycopg, PQconnectdb ...'),
    ...wrapped(assignments(libpq, '=').join(' ')),
    paint.dim('  pgbouncer.ini'),
    ...indented(assignments(pgbouncer, ' = ')),
    paint.dim('  sysctl: all sockets with keepalive on; it has no user timeout'),
    ...indented(assignments(sysctl, ' = ')),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

function assignments(settings: Readonly<Record<string, number>>, equals: string): string[] {
  return Object.entries(settings).map(([name, value]) => `${name}${equals}${value}`)
}
