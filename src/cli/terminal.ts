/** Where text goes, and how it looks there. */

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

/** Colours only on a terminal that has them, for people who want them (https://no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  const wanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return stream.isTTY === true && wanted ? COLOURED : PLAIN
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

/** Lines of columns, each as wide as its widest entry; the last is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(text))
  }
  return rows.map((row) =>
    row
      .map((text, column) => padded(text, column === row.length - 1 ? 0 : (widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

// oxlint-disable-next-line no-control-regex -- that is what is looked for
const SEQUENCES = /\u001B\[\d+m/g

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Without the colours. */
function widthOf(text: string): number {
  return text.replaceAll(SEQUENCES, '').length
}
