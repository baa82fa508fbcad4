/**
 * Holds each binary to what its users need of it, from the file itself: the end of `npm run build -- all`.
 *
 * lief reads the files (facts.py); what is demanded stands in targets.ts; here the two are compared.
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CACHE } from '../../lab/cache.ts'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { binaryOf, type Target } from './targets.ts'
import { preparePython, PYTHON } from './toolchain.ts'

/** What facts.py prints of a file. */
export interface Facts {
  readonly format: string
  readonly machine?: string
  readonly libraries?: readonly string[]
  /** ELF: such as GLIBC_2.14. */
  readonly symbolVersions?: readonly string[]
  readonly exported?: readonly string[]
  readonly stripped?: boolean
  /** Mach-O: the oldest macOS that loads it. */
  readonly minimumSystem?: string
  /** Mach-O: whether the signature is there and fits the bytes. */
  readonly signature?: 'ad-hoc' | 'other' | 'broken' | 'none'
}

/** All that Node looks for in a binding. */
const EXPORTED = ['napi_register_module_v1']

/** The end of the names of what is only in test builds: see crates/misbehave. */
const TEST_BUILD = 'OnPurpose'

/** Throws with all that is wrong with the targets' binaries in this folder. */
export async function audit(targets: readonly Target[], folder: string): Promise<void> {
  const wrong: string[] = []
  for (const { target, problems, size } of await auditAll(targets, folder)) {
    console.log(`${problems.length === 0 ? 'ok' : 'WRONG'}  ${binaryOf(target)}  ${size} bytes`)
    wrong.push(...problems.map((problem) => `${binaryOf(target)}: ${problem}`))
  }
  if (wrong.length > 0) throw new Error(`The audit found:\n  ${wrong.join('\n  ')}`)
}

interface Audited {
  readonly target: Target
  readonly size: number
  readonly problems: readonly string[]
}

async function auditAll(targets: readonly Target[], folder: string): Promise<readonly Audited[]> {
  const paths = targets.map((target) => join(folder, binaryOf(target)))
  const facts = await readFacts(paths)
  return Promise.all(
    targets.map(async (target, index) => {
      const path = paths[index] ?? ''
      const bytes = await readFile(path)
      return {
        target,
        size: bytes.length,
        problems: problemsOf(target, facts[path] ?? { format: 'unread' }, bytes),
      }
    }),
  )
}

/** The facts of each file, by its path. */
export async function readFacts(paths: readonly string[]): Promise<Readonly<Record<string, Facts>>> {
  await preparePython((step) => console.log(step))
  return JSON.parse(await run(PYTHON, [join(import.meta.dirname, 'facts.py'), ...paths])) as Record<
    string,
    Facts
  >
}

/** What is wrong with a binary of this target. */
export function problemsOf({ file }: Target, facts: Facts, bytes: Buffer): readonly string[] {
  const problems: string[] = []
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem)
  }
  demand(facts.format === file.format, `is ${facts.format}, not ${file.format}`)
  demand(facts.machine === file.machine, `is for ${facts.machine}, not ${file.machine}`)
  for (const library of facts.libraries ?? []) demand(file.libraries.test(library), `needs ${library}`)
  demand(String(facts.exported) === String(EXPORTED), `exports ${facts.exported?.join(', ')}`)
  demand(facts.stripped === true, 'is not stripped')
  demand(
    facts.minimumSystem === file.minimumSystem,
    `needs macOS ${facts.minimumSystem}, not ${file.minimumSystem}`,
  )
  if (file.format === 'MachO')
    demand(facts.signature === 'ad-hoc', `has a signature that is ${facts.signature}`)
  demand(bytes.length <= file.limit, `is ${bytes.length} bytes, more than ${file.limit}`)
  for (const version of tooNew(file.newestSymbol, facts.symbolVersions ?? []))
    problems.push(`needs ${version}`)
  for (const path of builderPaths()) demand(!bytes.includes(path), `has the builder's path ${path} inside`)
  demand(!bytes.includes(TEST_BUILD), 'is a test build')
  return problems
}

function tooNew(newest: Target['file']['newestSymbol'], versions: readonly string[]): readonly string[] {
  return versions.filter((version) => {
    if (newest === undefined || !version.startsWith(newest.prefix)) return newest !== undefined
    return isLater(version.slice(newest.prefix.length), newest.version)
  })
}

function isLater(version: string, than: string): boolean {
  const limits = than.split('.').map(Number)
  const parts = version.split('.').map(Number)
  const differing = parts.findIndex((part, index) => part !== limits[index])
  return differing !== -1 && !((parts[differing] ?? 0) < (limits[differing] ?? 0))
}

/** Folders of this machine, none of which a user's machine should know about. */
function builderPaths(): readonly string[] {
  const usual = ['/home/', '/root/', '/Users/', '.cargo/', '.rustup/', '/rustlib/src/']
  return [...new Set([...usual, homedir(), ROOT, CACHE, process.cwd()])].filter((path) => path !== '/')
}
