/** Writes the figures: a table on the screen, bench/results.json, and two sections of docs/performance.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { table, withSections } from '../lab/markdown.ts'
import { instructionTable } from './instruction-table.ts'
import { type Measurement, type Measurements, type Row, rows } from './rows.ts'

const RESULTS = new URL('results.json', import.meta.url)
const DOCUMENT = new URL('../docs/performance.md', import.meta.url)

interface Results {
  readonly machine: string
  readonly measurements: readonly Measurement[]
}

export function readResults(): Results | undefined {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : undefined
}

/** A measurement a line. */
export function writeResults(machine: string, measurements: Measurements): void {
  const lines = [...measurements.values()].map((one) => JSON.stringify(one, rounded))
  const whole = `{\n"machine": ${JSON.stringify(machine)},\n"measurements": [\n${lines.join(',\n')}\n]\n}\n`
  writeFileSync(RESULTS, whole)
}

export function writeDocument(machine: string, measurements: Measurements): void {
  const cells = found(measurements).map((row) => [row.what, row.bound, row.found, row.spread, mark(row)])
  const head = ['what', 'bound', 'median', 'middle half of the rounds', 'met']
  const measured = `Measured on ${machine}.\n\n${table(head, cells)}`
  const name = 'written by npm run bench'
  const after = withSections(readFileSync(DOCUMENT, 'utf8'), 'measured', { [name]: measured })
  writeFileSync(DOCUMENT, withSections(after, 'counted', { [name]: instructionTable(measurements) }))
}

export function showTable(measurements: Measurements): void {
  const all = found(measurements)
  console.log()
  for (const row of all) {
    console.log(`${mark(row)} ${row.what}\n    bound ${row.bound}   measured ${row.found}   ${row.spread}`)
  }
  console.log(`\n${instructionTable(measurements)}`)
  const withBound = all.filter(({ met }) => met !== undefined)
  console.log(`${withBound.filter(({ met }) => met).length} of ${withBound.length} bounds met`)
}

function found(measurements: Measurements): Row[] {
  return rows.flatMap((row) => row(measurements) ?? [])
}

function mark({ met }: Row): string {
  if (met === undefined) return '·'
  return met ? '✔' : '✘'
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
