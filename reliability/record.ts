/** Writes the figures of a part into docs/reliability.md, between the two marks of that part. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describeMachine } from '../lab/machine.ts'
import { table, withSections } from '../lab/markdown.ts'

const DOCUMENT = new URL('../docs/reliability.md', import.meta.url)

/** A row of a part's table. */
export type Figure = readonly [what: string, figure: string]

/** What each part exports. */
export interface Measured {
  /** Its options, a line each. */
  readonly usage: string
  /** @returns the figures; throws if something broke */
  run(options: readonly string[]): Promise<readonly Figure[]>
}

/** A number as in a table: 10,000,000. */
export function count(number: number): string {
  return number.toLocaleString('en')
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** Counts by name, the largest first. */
export function counts(by: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(by).toSorted(([, a], [, b]) => b - a)
  return sorted.map(([name, times]) => `${name} ${count(times)}`).join(', ')
}

/** @param command what a person types to measure them */
export function record(part: string, command: string, figures: readonly Figure[]): void {
  const head = `\`${command}\`, on ${describeMachine()}, Node ${process.versions.node}:`
  const before = readFileSync(DOCUMENT, 'utf8')
  const section = `${head}\n\n${table(['what', 'figure'], figures).trimEnd()}`
  writeFileSync(DOCUMENT, withSections(before, 'measured', { [part]: section }))
}
