/** What was shown, kept in docs/platforms.json, and the page for people that is written from it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../command.ts'
import { MACHINES, runName, RUNS } from './elsewhere.ts'
import { ALL_RUNTIMES } from './runtimes.ts'

/** What one runtime has shown. */
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
 * Puts these results in the place of older ones of the same runtimes.
 *
 * @param targets all platforms that get a binary, by name
 */
export async function keep(shown: readonly Shown[], targets: readonly string[]): Promise<void> {
  const before = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as readonly Shown[]
  const all = [...ALL_RUNTIMES.map(({ name }) => name), ...RUNS].flatMap((name) => {
    const newest = [...shown, ...before].find((each) => each.name === name)
    return newest ? [newest] : []
  })
  await writeFile(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`)
  await writeFile(PAGE, page(all, targets))
}

/**
 * What the machines of the workflow have shown: of each folder `platforms-MACHINE-LINE` in `folder` the run that it is of, from the
 * platforms.json in it.
 */
export async function shownIn(folder: string): Promise<readonly Shown[]> {
  const found: Shown[] = []
  for (const { name: machine, nodes } of MACHINES) {
    for (const line of nodes) {
      const path = join(folder, `platforms-${machine}-${line}`, 'platforms.json')
      const text = await readFile(path, 'utf8').catch(() => '[]') // the job has failed: it is what nobody has run
      const run = (JSON.parse(text) as readonly Shown[]).find(({ name }) => name === runName(machine, line))
      if (run) found.push(run)
    }
  }
  return found
}

export function page(results: readonly Shown[], targets: readonly string[]): string {
  const rows = targets.map((name) => {
    const on = results.filter((each) => each.target === name)
    const tier = on.length > 0 ? 'tested' : 'built only'
    const shown = on.length > 0 ? 'yes' : '–'
    return `| ${name} | ${tier} | yes | ${shown} | ${shown} | ${ways(on) || 'not run'} |`
  })
  const runtimes = results.map(
    (each) =>
      `| ${each.runtime} | ${each.target} | ${each.how} | ${each.passed.length} | ${each.userTimeout} |`,
  )
  const checks = [...new Set(results.flatMap(({ passed }) => passed))]
  return `# Platforms

Written by \`npm run docs -- platforms --write\`, which builds every platform's binary, installs the packages for every
runtime that can be had on one Linux machine and runs a script on each. What that showed is in \`platforms.json\`.

- **tested**: the published files were loaded there, and a socket's values were set and read back.
- **built only**: the binary was built and audited; nobody here has seen it run.

| platform | tier | built | loaded | set and read back | how it was tested |
|---|---|---|---|---|---|
${rows.join('\n')}

## What each runtime showed

| runtime | binary | run | checks | user timeout |
|---|---|---|---|---|
${runtimes.join('\n')}

The script is \`lab/platforms/smoke.cjs\`. Its checks: ${checks.join(', ')}.

## What nobody has run

\`npm test -- here --write --machine NAME\` runs every test that the machine allows and this script, and writes the result
into the tables above. \`.github/workflows/systems.yml\` does it on each of these:

${notRun(results)}

## What this shows, and what not

- The values are read back by this package, with getsockopt. On Linux x64 the other tests have another process read
  them.
- Emulated by QEMU, it is the Linux kernel of the machine beneath that holds the values.
- Wine is not Windows: its Winsock hands the probes' options to Linux, whose limits then hold, and has neither TCP_MAXRTMS nor
  TCP_MAXRT, so that nobody here has seen a user timeout on Windows. SIO_KEEPALIVE_VALS, which Windows before 10 1709 has alone, was
  run there. Which error Windows gives for a dead peer was not: Wine makes its own of Linux's. A connection that Linux ends with
  ECONNABORTED (ss --kill) reads as ECONNRESET there (\`__test__/lab/aborted-on-windows.slow.ts\`), as libuv makes it on Windows too.
- What each kernel does with the values is [in one table](systems.md), from its sources.
`
}

/** A line for each machine, with the lines of Node that nobody has run there. */
function notRun(results: readonly Shown[]): string {
  const run = new Set(results.map(({ name }) => name))
  const rows = MACHINES.flatMap(({ name, target, how, nodes }) => {
    const missing = nodes.filter((line) => !run.has(runName(name, line)))
    return missing.length === 0 ? [] : [`| ${name} | ${how} | ${target} | ${missing.join(', ')} |`]
  })
  if (rows.length === 0) return 'Everything has been run.'
  return [
    '| machine | system | binary | Node that nobody has run there |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

/** As "natively, glibc: Node.js 18.20.8, Node.js 20.20.2; …". */
function ways(results: readonly Shown[]): string {
  return [...new Set(results.map(({ how }) => how))]
    .map((how) => {
      const runtimes = results.filter((each) => each.how === how).map(({ runtime }) => runtime)
      return `${how}: ${runtimes.join(', ')}`
    })
    .join('; ')
}
