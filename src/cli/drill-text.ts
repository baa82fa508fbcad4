/** How a drill looks: a table that is drawn anew, and what came of it in the end. */
import { formatDuration } from '../settings/duration.ts'
import type { DrillReport, Finding } from './drill-findings.ts'
import { type Paint, shortened, table } from './terminal.ts'

const PEER_WIDTH = 36

export function drillTable(connections: readonly Finding[], paint: Paint): string[] {
  const heading = ['PEER', 'WAS', 'TOLD'].map((text) => paint.dim(text))
  return table([heading, ...connections.map((each) => row(each, paint))])
}

function row(finding: Finding, paint: Paint): string[] {
  const { peer, service, isNew, doing } = finding
  const name = shortened([peer, service].filter(Boolean).join(' '), PEER_WIDTH)
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
  }
}

/** Linux's own rules for what was sent end after about this time, by the round trip (tcp_retries2 in ip-sysctl.rst). */
const RULES_OF_THE_SYSTEM_MS = 924_600

const HOUR_MS = 3_600_000

export function takes(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  if (ms >= RULES_OF_THE_SYSTEM_MS && ms < HOUR_MS) return `about ${Math.round(ms / 60_000)} minutes`
  return formatDuration(ms >= HOUR_MS ? Math.floor(ms / 60_000) * 60_000 : ms)
}

/** What is said in the end. */
export function drillSummary(report: DrillReport, paint: Paint): string[] {
  const { connections, within, newConnectionAfter, healed } = report
  const inTime = connections.filter((each) => each.inTime).length
  const count = `${inTime} of ${connections.length} told within ${formatDuration(within)}`
  const lines = [inTime === connections.length ? paint.good(count) : paint.bad(count)]
  if (newConnectionAfter !== undefined)
    lines.push(`a new connection was there after ${(newConnectionAfter / 1000).toFixed(1)} s`)
  lines.push(healed ? 'everything is put back' : paint.bad('not everything could be put back: drill --heal'))
  return lines
}
