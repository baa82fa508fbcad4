/** The tables of drills in the documentation equal the output of the code for the same findings. */
import test from 'ava'
import type { DrillReport, Fate, Finding } from '../../src/cli/drill-findings.ts'
import { drillSummary, drillTable, takes } from '../../src/cli/drill-text.ts'
import { PLAIN } from '../../src/cli/terminal.ts'
import { blocks } from '../documentation/pages.ts'

/**
 * Linux's own limits: retransmissions for a write; for a waiting connection, keepalive with the defaults, or no limit without
 * keepalive.
 */
const LINUX = [924_600, 7_875_000, Number.POSITIVE_INFINITY]

function findingFrom(row: string): Finding {
  const [peer = '', doing, told = ''] = row.split(/ {2,}/)
  const [, after] = /^after (\d+\.\d) s$/.exec(told) ?? []
  const wouldTake = LINUX.find((each) => told === `not in time: ${takes(each)}`)
  const fate: Fate = after === undefined ? 'late' : 'told'
  if (after === undefined && wouldTake === undefined) throw new Error(`"${told}" is not what a drill says`)
  return {
    descriptor: 20,
    local: '10.0.0.1:40000',
    peer,
    service: undefined,
    isNew: false,
    doing: doing as Finding['doing'],
    fate,
    inTime: fate === 'told',
    toldAfter: after === undefined ? undefined : Number(after) * 1000,
    toldBy: undefined,
    wouldTake: wouldTake ?? 0,
  }
}

function reportFrom(text: string): DrillReport {
  const rows = text.split('\n').filter((line) => /^\d+\./.test(line))
  const [, time = '', unit] = /detected within (\d+) (s|min)$/m.exec(text) ?? []
  const [, after] = /^a new connection was there after (\d+\.\d) s$/m.exec(text) ?? []
  const [, pid = '1', code] = /^process (\d+) has ended with exit code (\d+)/m.exec(text) ?? []
  return {
    pid: Number(pid),
    within: Number(time) * (unit === 'min' ? 60_000 : 1000),
    connections: rows.map((row) => findingFrom(row)),
    newConnectionAfter: after === undefined ? undefined : Number(after) * 1000,
    healed: true,
    ...(code !== undefined && {
      ended: { code: Number(code) },
      endedByError: text.includes('after a connection error'),
    }),
  }
}

const tables = blocks.filter(
  ({ language, text }) => language === 'text' && text.startsWith('PEER') && /detected within/.test(text),
)

test('the documentation and the README contain such tables', (t) => {
  t.true(tables.length >= 5)
  t.true(tables.some(({ at }) => at.startsWith('README')))
})

for (const { at, text } of tables) {
  test(`${at}: the table`, (t) => {
    const report = reportFrom(text)
    const lines = [...drillTable([report], PLAIN), ...drillSummary([report], PLAIN)]
    t.is(text.trim(), lines.join('\n'))
  })
}
