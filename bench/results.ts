/** Where the figures go: a table on the screen, bench/results.json, and two sections of docs/performance.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { withSection } from '../lab/markdown.ts'
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

export function writeResults(machine: string, measurements: Measurements): void {
  const whole = { machine, measurements: [...measurements.values()] }
  writeFileSync(RESULTS, `${JSON.stringify(whole, rounded, 2)}\n`)
}

export function writeDocument(machine: string, measurements: Measurements): void {
  const before = readFileSync(DOCUMENT, 'utf8')
  const measured = [`Measured on ${machine}.`, '', ...markdown(found(measurements))]
  const after = section(before, 'measured', measured)
  writeFileSync(DOCUMENT, section(after, 'counted', instructionTable(measurements)))
}

function section(page: string, name: string, lines: readonly string[]): string {
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`]
  return withSection(page, begin, end, `\n\n${lines.join('\n')}\n\n`)
}

export function showTable(measurements: Measurements): void {
  const lines = found(measurements)
  console.log()
  for (const { what, bound, found, spread, met } of lines) {
    console.log(`${mark(met)} ${what}\n    bound ${bound}   measured ${found}   ${spread}`)
  }
  console.log(`\n${instructionTable(measurements).join('\n')}`)
  const judged = lines.filter(({ met }) => met !== undefined)
  console.log(`\n${judged.filter(({ met }) => met === true).length} of ${judged.length} bounds met`)
}

function found(measurements: Measurements): Row[] {
  return rows.flatMap((row) => row(measurements) ?? [])
}

function markdown(lines: readonly Row[]): string[] {
  const body = lines.map(
    ({ what, bound, found, spread, met }) => `| ${what} | ${bound} | ${found} | ${spread} | ${mark(met)} |`,
  )
  return ['| what | bound | median | middle half of the rounds | met |', '|---|---|---|---|---|', ...body]
}

function mark(met: boolean | undefined): string {
  if (met === undefined) return '·'
  return met ? '✔' : '✘'
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
