/**
 * Every `unsafe` of the crates with the reason that stands above it, read from the sources: clippy demands reasons too
 * (`undocumented_unsafe_blocks`), but sees only what is compiled for the system that it runs on.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'

export interface Unsafe {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** The function in which it stands, or which it is. */
  readonly within: string
  /** The one operation, or `fn`. */
  readonly operation: string
  readonly reason: string
}

/** Those of the crates that end up in the binaries. */
export async function unsafeOfCrates(): Promise<readonly Unsafe[]> {
  const listed = await run('git', ['ls-files', 'crates/*.rs', ':!crates/misbehave'], { cwd: ROOT })
  const files = listed.split('\n').filter(Boolean)
  const found = files.map(async (file) => unsafeIn(file, await readFile(join(ROOT, file), 'utf8')))
  return (await Promise.all(found)).flat()
}

/** Throws where one has no reason, and at an `unsafe` of a kind that this does not know. */
export function unsafeIn(file: string, text: string): readonly Unsafe[] {
  const lines = text.split('\n')
  const code = lines.map(codeOf)
  return code.flatMap((line, index) => {
    if (!/\bunsafe\b/.test(line) || isFunctionPointer(line)) return []
    const place = `${file}:${index + 1}`
    const operation = operationAt(code, index, place)
    const reason = reasonAbove(lines, index)
    if (reason === undefined) throw new Error(`${place}: there is no "// SAFETY:" above it`)
    return [{ file, line: index + 1, within: functionAround(code, index), operation, reason }]
  })
}

/** Without the comment at its end; rustfmt keeps strings with `//` inside on lines without `unsafe`. */
function codeOf(line: string): string {
  return line.replace(/\/\/.*$/, '')
}

/** A type, in which nothing happens. */
function isFunctionPointer(line: string): boolean {
  return /\bunsafe (extern "\w+" )?fn\(/.test(line)
}

function operationAt(code: readonly string[], index: number, place: string): string {
  const rest = code.slice(index).join('\n')
  if (/\bunsafe (extern "\w+" )?fn \w/.test(code[index] ?? '')) return 'fn'
  const block = /\bunsafe \{([^{}]*)\}/.exec(rest)?.[1]
  if (block === undefined || !/\bunsafe \{/.test(code[index] ?? '')) {
    throw new Error(`${place}: neither a function nor a block of one operation`)
  }
  return onOneLine(block)
}

function onOneLine(code: string): string {
  return code
    .trim()
    .replaceAll(/\(\n\s*/g, '(')
    .replaceAll(/,\n\s*\)/g, ')')
    .replaceAll(/\s*\n\s*/g, ' ')
}

/** The comment that ends above the statement; the statement may have begun some lines further up. */
function reasonAbove(lines: readonly string[], index: number): string | undefined {
  let above = index - 1
  while (above >= 0 && !/([;{}]|^\s*\/\/.*)$/.test(lines[above] ?? '')) above--
  const comment: string[] = []
  for (; /^\s*\/\/ /.test(lines[above] ?? ''); above--) comment.unshift((lines[above] ?? '').trim().slice(3))
  const begin = comment.findLastIndex((line) => line.startsWith('SAFETY: '))
  return begin < 0 ? undefined : comment.slice(begin).join(' ').slice('SAFETY: '.length)
}

function functionAround(code: readonly string[], index: number): string {
  for (let above = index; above >= 0; above--) {
    const name = /\bfn (\w+)/.exec(code[above] ?? '')?.[1]
    if (name !== undefined) return name
  }
  return ''
}
