/**
 * Finds every `unsafe` of the crates, and the reason above it, in the sources. clippy demands reasons too
 * (`undocumented_unsafe_blocks`), but sees only the code that is compiled for its own system.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'

export interface Unsafe {
  readonly file: string
  /** The first line is 1. */
  readonly line: number
  /** The function that contains it, or that is `unsafe` itself. */
  readonly within: string
  /** The one operation, or `fn`. */
  readonly operation: string
  readonly reason: string
}

/** Reads the crates of this repository that are in the binaries. */
export async function unsafeOfCrates(): Promise<readonly Unsafe[]> {
  const listed = await run('git', ['ls-files', 'crates/*.rs', ':!crates/misbehave'], { cwd: ROOT })
  const files = listed.split('\n').filter(Boolean)
  const found = files.map(async (file) => unsafeIn(file, await readFile(join(ROOT, file), 'utf8')))
  return (await Promise.all(found)).flat()
}

/** Throws an error if an `unsafe` has no reason, or is of an unknown kind. */
export function unsafeIn(file: string, text: string): readonly Unsafe[] {
  const lines = text.split('\n')
  // rustfmt keeps strings that contain `//` on lines without `unsafe`.
  const code = lines.map((line) => line.replace(/\/\/.*$/, ''))
  return code.flatMap((line, index) => {
    const isFunctionPointer = /\bunsafe (extern "\w+" )?fn\(/.test(line)
    if (!/\bunsafe\b/.test(line) || isFunctionPointer) return []
    const place = `${file}:${index + 1}`
    const operation = operationOf(code.slice(index).join('\n'))
    if (operation === undefined) throw new Error(`${place}: neither a function nor a block of one operation`)
    const reason = reasonAbove(lines, index)
    if (reason === undefined) throw new Error(`${place}: there is no "// SAFETY:" above it`)
    return [{ file, line: index + 1, within: functionAround(code, index), operation, reason }]
  })
}

/** @param code the code from the line with the `unsafe` on */
function operationOf(code: string): string | undefined {
  if (/^.*\bunsafe (extern "\w+" )?fn \w/.test(code)) return 'fn'
  return /^.*?\bunsafe \{([^{}]*)\}/
    .exec(code)?.[1]
    ?.trim()
    .replaceAll(/\(\n\s*/g, '(')
    .replaceAll(/,\n\s*\)/g, ')')
    .replaceAll(/\s*\n\s*/g, ' ')
}

/** Returns the comment above the statement, which can begin some lines before the `unsafe`. */
function reasonAbove(lines: readonly string[], index: number): string | undefined {
  let above = index - 1
  while (above >= 0 && !/([;{}]|^\s*\/\/.*)$/.test(lines[above] ?? '')) above--
  const comment: string[] = []
  for (; /^\s*\/\/ /.test(lines[above] ?? ''); above--) comment.unshift((lines[above] ?? '').trim().slice(3))
  const begin = comment.findLastIndex((line) => line.startsWith('SAFETY: '))
  return begin < 0 ? undefined : comment.slice(begin).join(' ').slice('SAFETY: '.length)
}

function functionAround(code: readonly string[], index: number): string {
  const heads = code.slice(0, index + 1).map((line) => /\bfn (\w+)/.exec(line)?.[1])
  return heads.findLast((name) => name !== undefined) ?? ''
}
