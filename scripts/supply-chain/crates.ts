/** The crates of a binary, as cargo resolves them for its target. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import type { Target } from '../build/targets.ts'

export interface Crate {
  readonly name: string
  readonly version: string
  /** An SPDX expression. */
  readonly license: string
  /** SHA-256 of its archive on crates.io; `undefined` for this repository's own crates. */
  readonly checksum: string | undefined
  /** The {@link idOf} of each crate that it uses. */
  readonly uses: readonly string[]
}

export function idOf({ name, version }: Pick<Crate, 'name' | 'version'>): string {
  return `${name}@${version}`
}

/** The crates in the binary of a target. The binding's own crate is the first. */
export async function cratesIn({ triple }: Target): Promise<readonly Crate[]> {
  // Procedural macros and build scripts run only in the compiler.
  return listed(['--edges=normal,no-proc-macro', `--target=${triple}`])
}

/** The crates that any target needs, with those that run only in the compiler. */
export function cratesNeeded(): Promise<readonly Crate[]> {
  return listed(['--edges=normal,build', '--target=all'])
}

const LINE = /^(?<depth>\d+) (?<name>\S+) v(?<version>\S+)(?: \(.*\))?\|(?<license>.+)$/

async function listed(options: readonly string[]): Promise<readonly Crate[]> {
  const tree = ['tree', '--locked', '--package=tcp-keepalive-node', '--no-dedupe', '--prefix=depth']
  const printed = await run('cargo', [...tree, '--format= {p}|{l}', ...options], { cwd: ROOT })
  const checksums = await lockedChecksums()
  const crates = new Map<string, Crate & { readonly uses: string[] }>()
  const path: string[] = []
  for (const line of printed.trim().split('\n')) {
    const { depth, name, version, license } = LINE.exec(line)?.groups ?? {}
    if (name === undefined || version === undefined || license === undefined) {
      throw new Error(`cargo tree printed "${line}"`)
    }
    const id = idOf({ name, version })
    if (!crates.has(id)) crates.set(id, { name, version, license, checksum: checksums.get(id), uses: [] })
    path.splice(Number(depth), Infinity, id)
    const user = crates.get(path.at(-2) ?? '')
    if (user && !user.uses.includes(id)) user.uses.push(id)
  }
  return [...crates.values()]
}

async function lockedChecksums(): Promise<ReadonlyMap<string, string>> {
  const lock = await readFile(join(ROOT, 'Cargo.lock'), 'utf8')
  const entries = lock.matchAll(/^name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"$/gm)
  return new Map([...entries].map(([, name = '', version = '', sum = '']) => [idOf({ name, version }), sum]))
}
