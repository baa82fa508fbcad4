/** Formats a drill: a table that is redrawn, and a summary at the end. */
import { formatDuration } from '../settings/duration.ts'
import type { DrillReport, Ended, Finding, Shown } from './drill-findings.ts'
import { isDecided } from './drill-verdict.ts'
import { type Paint, shortened, table } from './terminal.ts'

/** With these the widest line has 80 columns. */
const PEER_WIDTH = 34
const PEER_WIDTH_BESIDE_PID = 25

export function drillTable(processes: readonly Shown[], paint: Paint): string[] {
  const isOne = processes.length === 1
  const heading = [...(isOne ? [] : ['PID']), 'PEER', 'WAS', 'DETECTED'].map((text) => paint.dim(text))
  const rows = processes.flatMap(({ pid, connections }) =>
    connections.map((each) =>
      isOne ? row(each, PEER_WIDTH, paint) : [String(pid), ...row(each, PEER_WIDTH_BESIDE_PID, paint)],
    ),
  )
  return table([heading, ...rows])
}

/** Replaces a table that is higher than the screen. */
export function progressLine(processes: readonly Shown[]): string {
  const all = processes.flatMap(({ connections }) => connections)
  const detected = all.filter(({ fate }) => fate === 'told').length
  return `${all.length} connections are cut off, ${detected} detected; the table follows at the end`
}

function row(finding: Finding, width: number, paint: Paint): string[] {
  const { peer, service, isNew, doing } = finding
  const name = shortened([peer, service].filter(Boolean).join(' '), width)
  return [name, isNew ? `new, ${doing}` : doing, fateText(finding, paint)]
}

function fateText(finding: Finding, paint: Paint): string {
  const { fate, inTime, toldAfter = 0, toldBy, wouldTake } = finding
  switch (fate) {
    case 'cut':
      return '…'
    case 'told': {
      const text = `after ${(toldAfter / 1000).toFixed(1)} s${toldBy === 'program' ? ', by itself' : ''}`
      return inTime ? paint.good(text) : paint.bad(`${text}, too late`)
    }
    case 'late':
      return paint.bad(`not in time: ${takes(wouldTake)}`)
    case 'heard':
      return paint.doubtful('cannot be cut off: TTL 255')
    case 'healed':
      return paint.doubtful('put back by somebody else')
    case 'ended':
      return paint.doubtful('ended with the program')
    case 'too-early':
      return paint.doubtful('too early to tell')
  }
}

/** Linux stops retransmitting after about this time; the round trip changes it (tcp_retries2 in ip-sysctl.rst). */
const RULES_OF_THE_SYSTEM_MS = 924_600

const HOUR_MS = 3_600_000

export function takes(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  if (ms >= RULES_OF_THE_SYSTEM_MS && ms < HOUR_MS) return `about ${Math.round(ms / 60_000)} minutes`
  return formatDuration(ms >= HOUR_MS ? Math.floor(ms / 60_000) * 60_000 : ms)
}

/** How a program ended, with a leading space; empty if it is not known. */
export function endText({ code = 0, signal }: Ended): string {
  if (signal !== undefined) return ` by ${signal}`
  return code === 0 ? '' : ` with exit code ${code}`
}

/** The lines at the end, for all processes together. */
export function drillSummary(reports: readonly DrillReport[], paint: Paint): string[] {
  const ended = reports.flatMap((report) => endLines(report, paint))
  const after = Math.max(...reports.map(({ newConnectionAfter = 0 }) => newConnectionAfter))
  const lines = [countLine(reports, paint), ...ended]
  if (after > 0) lines.push(`a new connection was there after ${(after / 1000).toFixed(1)} s`)
  if (reports.some(({ healed }) => !healed))
    lines.push(paint.bad('not everything could be put back: drill --heal'))
  else if (reports.some((each) => each.ended === undefined)) lines.push('everything is put back')
  return lines
}

function countLine(reports: readonly DrillReport[], paint: Paint): string {
  const all = reports.flatMap(({ connections }) => connections)
  const decided = all.filter((each) => isDecided(each))
  const inTime = decided.filter((each) => each.inTime)
  const within = formatDuration(reports[0]?.within ?? 0)
  const open = openText(all)
  if (decided.length === 0) return paint.doubtful(`nothing can be said: ${open}`)
  const count = `${inTime.length} of ${decided.length} detected within ${within}`
  const text = [count, open].filter((each) => each !== '').join('; ')
  return inTime.length === decided.length ? paint.good(text) : paint.bad(text)
}

/** The connections that do not count. */
function openText(all: readonly Finding[]): string {
  const count = (wanted: Finding['fate'], text: string): string[] => {
    const { length } = all.filter(({ fate }) => fate === wanted)
    return length === 0 ? [] : [`${length} ${text}`]
  }
  return [
    ...count('too-early', 'too early to tell'),
    ...count('ended', 'ended with the program'),
    ...count('healed', 'put back by somebody else'),
  ].join(', ')
}

function endLines(report: DrillReport, paint: Paint): string[] {
  const { pid, ended, endedByError } = report
  if (!ended) return []
  const what = `process ${pid} has ended${endText(ended)}`
  if (!endedByError) return [what]
  return [
    paint.bad(`${what} after a connection error`),
    "  Node ends a program when an 'error' event has no listener. Add one to every",
    "  client, connection and pool: client.on('error', …).",
  ]
}
