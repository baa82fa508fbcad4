/** Writes text, with colours on a terminal. */
import { stripVTControlCharacters } from 'node:util'

/** Colours a text. On an output without colours it returns the text unchanged. */
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

/** The part of a stream that matters here. Node's `tty.WriteStream` has both members, other streams have neither. */
interface Output {
  readonly isTTY?: boolean
  hasColors?(env: NodeJS.ProcessEnv): boolean
}

/** Uses colours only on a terminal that supports them. A non-empty NO_COLOR turns them off (https://no-color.org). */
export function paintFor(stream: Output, env: NodeJS.ProcessEnv = process.env): Paint {
  // Before Node 24, hasColors() also respects an empty NO_COLOR.
  const { NO_COLOR, ...others } = env
  const wanted = stream.isTTY === true && stream.hasColors?.(NO_COLOR === '' ? others : env) === true
  return wanted ? COLOURED : PLAIN
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function sayJson(value: unknown): void {
  // JSON has no Infinity: it becomes null, which means "never" here.
  say(JSON.stringify(value, undefined, 2))
}

export function complain(text: string): void {
  process.stderr.write(`tcp-keepalive: ${text}\n`)
}

/**
 * Formats rows as lines. Each column is as wide as its widest entry; the last column is not padded. There may be thousands of rows, so a
 * row that is the same object as the one before is formatted once.
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

/** The width of the widest entry of each column. */
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

// oxlint-disable-next-line no-control-regex -- the regex is to find control characters
const CONTROLS = /[\u0000-\u001F\u007F-\u009F]+/g

/** Removes control characters: the text of a foreign process could contain escape sequences for the terminal. */
export function printable(text: string): string {
  return text.replaceAll(CONTROLS, ' ')
}

/** Cuts a text that is too long, and ends it with an ellipsis. */
export function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/**
 * Wraps a text into lines of at most 80 columns.
 *
 * @param further the indentation from the second line on
 */
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

/** The width of a text without its colours. */
export function widthOf(text: string): number {
  return text.includes('\u001B') ? stripVTControlCharacters(text).length : text.length
}
