/** Where text goes, and how it looks there. */
import { stripVTControlCharacters } from 'node:util'

/** Puts a colour around a text, or nothing where the output is no terminal. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  doubtful(text: string): string
}

const asIs = (text: string): string => text

export const PLAIN: Paint = { bold: asIs, dim: asIs, good: asIs, bad: asIs, doubtful: asIs }

/** ECMA-48, Select Graphic Rendition. */
const COLOURED: Paint = {
  bold: (text) => `\u001B[1m${text}\u001B[22m`,
  dim: (text) => `\u001B[2m${text}\u001B[22m`,
  good: (text) => `\u001B[32m${text}\u001B[39m`,
  bad: (text) => `\u001B[31m${text}\u001B[39m`,
  doubtful: (text) => `\u001B[33m${text}\u001B[39m`,
}

/** What is asked of a stream: Node's `tty.WriteStream` has both, and others neither. */
interface Output {
  readonly isTTY?: boolean
  hasColors?(env: NodeJS.ProcessEnv): boolean
}

/** Colours only on a terminal that has them. NO_COLOR with any value but an empty one turns them off (https://no-color.org). */
export function paintFor(stream: Output, env: NodeJS.ProcessEnv = process.env): Paint {
  // Before Node 24, hasColors() takes an empty NO_COLOR for one that is set.
  const { NO_COLOR, ...others } = env
  const wanted = stream.isTTY === true && stream.hasColors?.(NO_COLOR === '' ? others : env) === true
  return wanted ? COLOURED : PLAIN
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function sayJson(value: unknown): void {
  // In JSON there is no Infinity: null is "never" here.
  say(JSON.stringify(value, undefined, 2))
}

export function complain(text: string): void {
  process.stderr.write(`tcp-keepalive: ${text}\n`)
}

/**
 * Lines of columns, each as wide as its widest entry; the last is not padded. There may be thousands of rows: what is the same object as
 * the row before is looked at once.
 */
export function table(
  rows: readonly (readonly string[])[],
  widths: readonly number[] = widthsOf(rows),
): string[] {
  let last: readonly string[] | undefined
  let line = ''
  return rows.map((row) => {
    if (row !== last) line = lineOf(row, widths)
    last = row
    return line
  })
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  const end = row.length - 1
  return row
    .map((text, column) => (column === end ? text : padded(text, widths[column] ?? 0)))
    .join('  ')
    .trimEnd()
}

/** Of the widest entry of each column. */
export function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  let last: readonly string[] | undefined
  for (const row of rows) {
    if (row === last) continue
    last = row
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(text))
  }
  return widths
}

export function padded(text: string, width: number): string {
  return text.padEnd(width + text.length - widthOf(text))
}

/** The beginning of a text, marked as such where it is longer. */
export function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** In lines of at most 80 columns, of which the further ones may begin further in. */
export function wrapped(text: string, further = '  '): string[] {
  const [first = '', ...words] = text.split(' ')
  const lines: string[] = []
  let line = `  ${first}`
  for (const word of words) {
    if (line.length + 1 + word.length <= 80) {
      line += ` ${word}`
    } else {
      lines.push(line)
      line = further + word
    }
  }
  return [...lines, line]
}

/** Without the colours. */
export function widthOf(text: string): number {
  return text.includes('\u001B') ? stripVTControlCharacters(text).length : text.length
}
