/** Reads the lines in which processes report on their drill. Another user may have written them. */
import type { Fate } from './drill-findings.ts'
import type { InsideNews } from './drill-news.ts'
import { printable } from './terminal.ts'

const FATES: Readonly<Record<Fate, true>> = {
  cut: true,
  told: true,
  late: true,
  heard: true,
  healed: true,
  ended: true,
  'too-early': true,
}

/** The last complete line of a file; `undefined` if it is not as a process writes it. */
export function newsFrom(text: string): InsideNews | undefined {
  const line = text.split('\n').at(-2) ?? ''
  try {
    const news = JSON.parse(line, revived) as unknown
    return isNews(news) ? news : undefined
  } catch {
    return undefined
  }
}

/** JSON has no infinity: it is written as null. */
function revived(name: string, value: unknown): unknown {
  if (name === 'wouldTake' && value === null) return Number.POSITIVE_INFINITY
  return typeof value === 'string' ? printable(value) : value
}

type Fields = Readonly<Record<string, unknown>>

/** Checks the fields that the drill uses. */
function isNews(news: unknown): news is InsideNews {
  if (!isObject(news) || !Number.isInteger(news['pid'])) return false
  const { peers, isSettling, connections, report, problem } = news
  if (connections !== undefined) return areFindings(connections)
  if (report !== undefined) return isReport(report)
  return isSettling === true || typeof peers === 'string' || typeof problem === 'string'
}

function isReport(report: unknown): boolean {
  if (!isObject(report) || !areFindings(report['connections'])) return false
  const { pid, within, newConnectionAfter, ended } = report
  return (
    Number.isInteger(pid) &&
    typeof within === 'number' &&
    isMaybeNumber(newConnectionAfter) &&
    (ended === undefined || isObject(ended))
  )
}

function areFindings(all: unknown): boolean {
  return Array.isArray(all) && all.every((each) => isFinding(each))
}

function isFinding(finding: unknown): boolean {
  if (!isObject(finding)) return false
  const { peer, doing, fate, toldAfter, wouldTake } = finding
  return (
    typeof peer === 'string' &&
    typeof doing === 'string' &&
    Object.hasOwn(FATES, String(fate)) &&
    isMaybeNumber(toldAfter) &&
    typeof wouldTake === 'number'
  )
}

function isMaybeNumber(value: unknown): boolean {
  return value === undefined || typeof value === 'number'
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
