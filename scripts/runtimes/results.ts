/** What was shown, kept in docs/platforms.json, and the page for people that is written from it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../build/command.ts'
import { TARGETS } from '../build/targets.ts'
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

/** Puts these results in the place of older ones of the same runtimes. */
export async function keep(shown: readonly Shown[]): Promise<void> {
  const before = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as readonly Shown[]
  const all = ALL_RUNTIMES.flatMap(({ name }) => {
    const newest = [...shown, ...before].find((each) => each.name === name)
    return newest ? [newest] : []
  })
  await writeFile(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`)
  await writeFile(PAGE, page(all))
}

export function page(results: readonly Shown[]): string {
  const shownOn = (target: string): readonly Shown[] => results.filter((each) => each.target === target)
  const rows = TARGETS.map(({ name }) => {
    const on = shownOn(name)
    const tier = on.length > 0 ? 'tested' : 'built only'
    const loaded = on.length > 0 ? 'yes' : '–'
    return `| ${name} | ${tier} | yes | ${loaded} | ${loaded} | ${on.map((each) => each.runtime).join(', ') || '–'} |`
  })
  const runtimes = results.map(
    (each) =>
      `| ${each.runtime} | ${each.target} | ${each.how} | ${each.passed.length} | ${each.userTimeout} |`,
  )
  const checks = [...new Set(results.flatMap(({ passed }) => passed))]
  return `# Platforms

Written by \`npm run test:runtimes -- --write\` from what it was shown (\`platforms.json\`). "Tested" means that the
published files were loaded and a socket's values were set and read back on that platform; "built only" that the
binary was built and audited, and that nobody here has seen it run.

| platform | tier | built | loaded | set and read back | on |
|---|---|---|---|---|---|
${rows.join('\n')}

## How each was tested

| runtime | binary | run | checks | user timeout |
|---|---|---|---|---|
${runtimes.join('\n')}

Each runs \`__test__/runtimes/smoke.cjs\`, which shows: ${checks.join('; ')}.

- The values are read back by this package, with getsockopt; on Linux x64 the other tests have another process read
  them.
- Emulated by QEMU it is the machine's own kernel that holds the values. Under Wine it is Linux too, behind Wine's
  Winsock, which has no TCP_MAXRT: Windows' user timeout was built and not seen.
- Windows on ARM, macOS and FreeBSD cannot be run here.
`
}
