/** The results in docs/platforms.json, and the page that is made from them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../command.ts'
import { table, withSections } from '../markdown.ts'
import { MACHINES, runName, RUNS } from './elsewhere.ts'
import { ALL_RUNTIMES } from './runtimes.ts'

export interface Shown {
  readonly name: string
  readonly target: string
  readonly how: string
  readonly runtime: string
  readonly passed: readonly string[]
  readonly userTimeout: string
}

const RESULTS = join(ROOT, 'docs/platforms.json')
const PAGE = join(ROOT, 'docs/platforms.md')

/**
 * Replaces older results of the same runtimes.
 *
 * @param targets the names of all platforms with a binary
 */
export async function writeResults(shown: readonly Shown[], targets: readonly string[]): Promise<void> {
  const before = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as readonly Shown[]
  const all = [...ALL_RUNTIMES.map(({ name }) => name), ...RUNS].flatMap((name) => {
    const newest = [...shown, ...before].find((each) => each.name === name)
    return newest ? [newest] : []
  })
  await writeFile(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`)
  await writeFile(PAGE, page(await readFile(PAGE, 'utf8'), all, targets))
}

/** The results of the workflow's machines: each folder `platforms-MACHINE-LINE` in `folder` has one in its platforms.json. */
export async function shownIn(folder: string): Promise<readonly Shown[]> {
  const found: Shown[] = []
  for (const { name: machine, nodes } of MACHINES) {
    for (const line of nodes) {
      const path = join(folder, `platforms-${machine}-${line}`, 'platforms.json')
      const text = await readFile(path, 'utf8').catch(() => '[]') // the job has failed
      const run = (JSON.parse(text) as readonly Shown[]).find(({ name }) => name === runName(machine, line))
      if (run) found.push(run)
    }
  }
  return found
}

/** @param before the page, with older tables */
export function page(before: string, results: readonly Shown[], targets: readonly string[]): string {
  const rows = targets.map((name) => {
    const on = results.filter((each) => each.target === name)
    const shown = on.length > 0 ? 'yes' : '–'
    return [name, on.length > 0 ? 'tested' : 'built only', 'yes', shown, shown, ways(on) || 'not run']
  })
  const runtimes = results.map(({ runtime, target, how, passed, userTimeout }) => [
    runtime,
    target,
    how,
    String(passed.length),
    userTimeout,
  ])
  const checks = [...new Set(results.flatMap(({ passed }) => passed))]
  return withSections(before, 'written', {
    platforms: table(['platform', 'tier', 'built', 'loaded', 'set and read back', 'how it was tested'], rows),
    runtimes: table(['runtime', 'binary', 'run', 'checks', 'user timeout'], runtimes),
    checks: `${checks.join(', ')}.\n`,
    machines: notRun(results),
  })
}

/** A row for each machine, with the lines of Node that have not run there. */
function notRun(results: readonly Shown[]): string {
  const run = new Set(results.map(({ name }) => name))
  const rows = MACHINES.flatMap(({ name, target, how, nodes }) => {
    const missing = nodes.filter((line) => !run.has(runName(name, line)))
    return missing.length === 0 ? [] : [[name, how, target, missing.join(', ')]]
  })
  if (rows.length === 0) return 'Everything has been run.\n'
  return table(['machine', 'system', 'binary', 'Node that nobody has run there'], rows)
}

/** Such as "natively, glibc: Node.js 18.20.8, Node.js 20.20.2; …". */
function ways(results: readonly Shown[]): string {
  return [...new Set(results.map(({ how }) => how))]
    .map((how) => {
      const runtimes = results.filter((each) => each.how === how).map(({ runtime }) => runtime)
      return `${how}: ${runtimes.join(', ')}`
    })
    .join('; ')
}
