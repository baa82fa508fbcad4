/** The results in docs/platforms.json, and the page that is made from them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../command.ts'
import { table } from '../markdown.ts'
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
  await writeFile(PAGE, page(all, targets))
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

export function page(results: readonly Shown[], targets: readonly string[]): string {
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
  return `# Platforms

\`npm run docs -- platforms --write\` writes this page. It builds every platform's binary, installs the packages for every
runtime that is available on one Linux machine, and runs a script on each. The results are in \`platforms.json\`.

- **tested**: the published files were loaded there, and a socket's values were set and read back.
- **built only**: the binary was built and audited, but has not been run.

${table(['platform', 'tier', 'built', 'loaded', 'set and read back', 'how it was tested'], rows)}
## What each runtime showed

${table(['runtime', 'binary', 'run', 'checks', 'user timeout'], runtimes)}
The script is \`lab/platforms/smoke.cjs\`. Its checks: ${checks.join(', ')}.

## What nobody has run

\`npm test -- here --write --machine NAME\` runs this script and every test that the machine allows, and writes the result
into the tables above. \`.github/workflows/systems.yml\` does this on each of these machines:

${notRun(results)}
## What this shows, and what not

- This package reads the values back, with getsockopt. On Linux x64, other tests read them in another process.
- Under QEMU, the host's Linux kernel holds the values.
- Wine is not Windows. Its Winsock passes the probe options to Linux, so the limits of Linux apply. It has neither TCP_MAXRTMS nor
  TCP_MAXRT, so the user timeout was never tested on Windows. SIO_KEEPALIVE_VALS, the only way before Windows 10 1709, was tested.
  The error that Windows gives for a dead peer was not tested, because Wine converts the error of Linux. A connection that Linux ends
  with ECONNABORTED (ss --kill) ends with ECONNRESET there (\`__test__/lab/aborted-on-windows.slow.ts\`); libuv makes the same
  conversion on Windows.
- [One table](systems.md) shows what each kernel does with the values, from its sources.
`
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
