/** Writes what was measured into docs/reliability.md, each part between its own two marks. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describeMachine } from '../lab/machine.ts'
import { table, withSection } from '../lab/markdown.ts'

const DOCUMENT = new URL('../docs/reliability.md', import.meta.url)
const END = '<!-- end of measured -->'

/** A line of a part's table. */
export type Figure = readonly [what: string, figure: string]

/** What each file that measures a part exports. */
export interface Measured {
  /** Its options, a line each. */
  readonly usage: string
  /** @returns the figures; throws where something broke */
  run(options: readonly string[]): Promise<readonly Figure[]>
}

/** A number as it stands in a table: 10,000,000. */
export function count(number: number): string {
  return number.toLocaleString('en')
}

/**
 * Replaces the figures of one part.
 *
 * @param command what measured them, as a person types it
 */
export function record(part: string, command: string, figures: readonly Figure[]): void {
  const lines = [
    '',
    '',
    `\`${command}\`, on ${describeMachine()}, Node ${process.versions.node}:`,
    '',
    table(['what', 'figure'], figures),
  ]
  const before = readFileSync(DOCUMENT, 'utf8')
  writeFileSync(DOCUMENT, withSection(before, `<!-- measured: ${part} -->`, END, lines.join('\n')))
}
