/**
 * Checks that each binary has the properties that its users need: the last step of `npm run build -- all`. facts.py reads the
 * properties with lief, and targets.ts lists the required ones.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CACHE } from '../../lab/cache.ts'
import { ROOT } from '../../lab/command.ts'
import { binaryOf, type Target } from './targets.ts'
import { preparePython, PYTHON } from './toolchain.ts'

/** What facts.py prints about a file. */
export interface Facts {
  readonly format: string
  readonly machine?: string
  readonly libraries?: readonly string[]
  /** ELF: for example GLIBC_2.14. */
  readonly symbolVersions?: readonly string[]
  readonly exported?: readonly string[]
  readonly stripped?: boolean
  /** Mach-O: the oldest macOS that loads it. */
  readonly minimumSystem?: string
  /** Mach-O: whether there is a signature, and whether it matches the bytes. */
  readonly signature?: 'ad-hoc' | 'other' | 'broken' | 'none'
}

/** The only symbol that Node looks for in a binding. */
const EXPORTED = ['napi_register_module_v1']

/** The names of functions that only test builds have end with this: see crates/misbehave. */
const TEST_BUILD = 'OnPurpose'

/** Throws an error with all problems of the targets' binaries in this folder. */
export async function audit(targets: readonly Target[], folder: string): Promise<void> {
  const pathOf = (target: Target): string => join(folder, binaryOf(target))
  const facts = readFacts(targets.map(pathOf))
  const wrong: string[] = []
  for (const target of targets) {
    const bytes = await readFile(pathOf(target))
    const problems = problemsOf(target, facts[pathOf(target)] ?? { format: 'unread' }, bytes)
    console.log(`${problems.length === 0 ? 'ok' : 'WRONG'}  ${binaryOf(target)}  ${bytes.length} bytes`)
    wrong.push(...problems.map((problem) => `${binaryOf(target)}: ${problem}`))
  }
  if (wrong.length > 0) throw new Error(`The audit found:\n  ${wrong.join('\n  ')}`)
}

/** Returns the facts of each file, by its path. */
export function readFacts(paths: readonly string[]): Readonly<Record<string, Facts>> {
  preparePython()
  const printed = execFileSync(PYTHON, [join(import.meta.dirname, 'facts.py'), ...paths], {
    encoding: 'utf8',
  })
  return JSON.parse(printed)
}

/** Returns the problems of a binary of this target. */
export function problemsOf({ file }: Target, facts: Facts, bytes: Buffer): readonly string[] {
  const problems: string[] = []
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem)
  }
  const { format, machine, minimumSystem, newestGlibc } = file
  demand(facts.format === format, `is ${facts.format}, not ${format}`)
  demand(facts.machine === machine, `is for ${facts.machine}, not ${machine}`)
  for (const library of facts.libraries ?? []) demand(file.libraries.test(library), `needs ${library}`)
  demand(String(facts.exported) === String(EXPORTED), `exports ${facts.exported?.join(', ')}`)
  demand(facts.stripped === true, 'is not stripped')
  demand(facts.minimumSystem === minimumSystem, `needs macOS ${facts.minimumSystem}, not ${minimumSystem}`)
  const hasSignature = format !== 'MachO' || facts.signature === 'ad-hoc'
  demand(hasSignature, `has a signature that is ${facts.signature}`)
  demand(bytes.length <= file.limit, `is ${bytes.length} bytes, more than ${file.limit}`)
  for (const version of facts.symbolVersions ?? [])
    demand(newestGlibc === undefined || isInGlibc(newestGlibc, version), `needs ${version}`)
  for (const path of builderPaths()) demand(!bytes.includes(path), `has the builder's path ${path} inside`)
  demand(!bytes.includes(TEST_BUILD), 'is a test build')
  return problems
}

function isInGlibc(glibc: string, version: string): boolean {
  const newest = `GLIBC_${glibc}`
  return /^GLIBC_\d/.test(version) && version.localeCompare(newest, 'en', { numeric: true }) <= 0
}

/** Folders of this machine. No binary may contain their paths. */
function builderPaths(): readonly string[] {
  const usual = ['/home/', '/root/', '/Users/', '.cargo/', '.rustup/', '/rustlib/src/']
  return [...new Set([...usual, homedir(), ROOT, CACHE, process.cwd()])].filter((path) => path !== '/')
}
