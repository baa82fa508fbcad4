/** The owners of the instructions that callgrind counted. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Cost } from './callgrind.ts'

export const OWNERS = [
  'Node and V8',
  'compiled JavaScript',
  'napi-rs',
  'Rust of this package',
  "Rust's library",
  'socket2',
  'C or C++ of the addon',
  'libc',
] as const

export type Owner = (typeof OWNERS)[number]

/** @throws if no owner is known, so that no instruction is counted for the wrong one */
export function ownerOf(cost: Cost): Owner {
  const { object, file } = cost
  const name = basename(object)
  if (object === '???') return 'compiled JavaScript'
  // Only Node uses the libraries of C++ and of floating-point arithmetic.
  if (name === 'node' || /^(?:libm|libstdc\+\+)\./.test(name)) return 'Node and V8'
  if (/^(?:libc|libgcc_s|ld-linux)\b/.test(name)) return 'libc'
  if (name === 'reference.node' || name === 'koffi.node') return 'C or C++ of the addon'
  if (name !== BINDING) throw new Error(`No owner is known of ${object}`)
  if (isOfMacro(cost)) return 'napi-rs'
  const owner = OF_RUST.find(([pattern]) => pattern.test(file))?.[1]
  if (owner === undefined) throw new Error(`No owner is known of ${file} in ${object}`)
  return owner
}

export const BINDING = 'binding.node'

const OF_RUST: readonly (readonly [RegExp, Owner])[] = [
  [/\/napi(?:-sys)?-\d[^/]*\//, 'napi-rs'],
  [/\/socket2-\d[^/]*\//, 'socket2'],
  [/\/library\/(?:core|alloc|std)\//, "Rust's library"],
  [/^(?:.*\/)?crates\/(?:node|tcp-keepalive)\//, 'Rust of this package'],
]

/** The code that `#[napi]` generates around a function has the line of this attribute. */
function isOfMacro({ file, line }: Cost): boolean {
  return /(?:^|\/)crates\/node\/src\/lib\.rs$/.test(file) && macroLines.has(line)
}

const macroLines: ReadonlySet<number> = new Set(
  readFileSync(new URL('../crates/node/src/lib.rs', import.meta.url), 'utf8')
    .split('\n')
    .flatMap((text, index) => (text.startsWith('#[napi') ? [index + 1] : [])),
)
