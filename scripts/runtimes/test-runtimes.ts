/** `npm test -- runtimes`: the packages as they are installed, tried on every runtime that can be had here. */
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { writeResults, type Shown, shownIn } from '../../lab/platforms/results.ts'
import { smoke } from '../../lab/platforms/smoke.ts'
import { ALL_RUNTIMES, type Runtime } from '../../lab/platforms/runtimes.ts'
import { run } from '../../lab/run.ts'
import { TARGETS } from '../build/targets.ts'
import { putApp } from './app.ts'

const HELP = `npm test -- runtimes [options]

Installs tcp-keepalive for every runtime that can be had on this machine and runs lab/platforms/smoke.cjs on it.

  --only NAME   only this one; may be given again. There are
                  ${ALL_RUNTIMES.map(({ name }) => name).join('\n                  ')}
  --no-build    takes artifacts/ and artifacts/misbehaving/ as they are
  --merge DIR   runs nothing: writes what the machines of the workflow have shown, a folder of DIR each
  --write       builds every platform, and writes what was shown to docs/platforms.json and docs/platforms.md

The runtimes come from npm, PyPI and Debian, and are kept in KEEPALIVE_CACHE, by default ~/.cache/tcp-keepalive.
With CI set, what cannot be had is a failure.`

const OPTIONS = {
  only: { type: 'string', multiple: true, default: [] },
  'no-build': { type: 'boolean', default: false },
  merge: { type: 'string' },
  write: { type: 'boolean', default: false },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const targets = TARGETS.map(({ name }) => name)
  if (values.merge !== undefined) {
    const merged = await shownIn(values.merge)
    await writeResults(merged, targets)
    console.log(`${merged.length} runs of the workflow`)
    return
  }
  const runtimes = named(values.only)
  if (!values['no-build']) {
    if (values.write) await buildAll([])
    await buildForTests(new Set(runtimes.map(({ target }) => target)))
  }

  const shown: Shown[] = []
  const count = { passed: 0, failed: 0, skipped: 0 }
  const stops = new Set<() => Promise<void>>()
  const started = Date.now()
  for (const [index, runtime] of runtimes.entries()) {
    const title = `[${index + 1}/${runtimes.length}] ${runtime.name}`
    const reason = await runtime.unavailable()
    if (reason !== undefined && !process.env['CI']) {
      count.skipped += 1
      console.log(`- ${title}: skipped, ${reason}`)
      continue
    }
    const begun = Date.now()
    try {
      if (reason !== undefined) throw new Error(`With CI set nothing may be left out: it ${reason}`)
      const ready = await runtime.prepare()
      if (ready.stop) stops.add(ready.stop)
      await putApp(ready.app, runtime.target)
      const result = await smoke(runtime, ready.command)
      shown.push(result)
      count.passed += 1
      console.log(`\u2714 ${title}: ${describe(result)} (${seconds(begun)})`)
    } catch (error) {
      count.failed += 1
      console.log(
        `\u2718 ${title} (${seconds(begun)})\n${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  for (const stop of stops) await stop()
  if (values.write) await writeResults(shown, targets)
  console.log(`\nin ${seconds(started)}`)
  console.log(`runtimes: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  if (count.failed > 0) process.exitCode = 1
})

function named(names: readonly string[]): readonly Runtime[] {
  if (names.length === 0) return ALL_RUNTIMES
  return names.map((name) => {
    const found = ALL_RUNTIMES.find((each) => each.name === name)
    if (found) return found
    throw new Error(`no runtime "${name}"; there are: ${ALL_RUNTIMES.map((each) => each.name).join(', ')}`)
  })
}

/** The binaries of these targets, as they are published and with a function that panics. */
async function buildForTests(targets: ReadonlySet<string>): Promise<void> {
  const named = [...targets].map((target) => `--target=${target}`)
  await buildAll(named)
  await buildAll([...named, '--misbehaving', '--out=artifacts/misbehaving'])
}

async function buildAll(parameters: readonly string[]): Promise<void> {
  console.log(`npm run build -- all ${parameters.join(' ')}`)
  await run('npm', ['run', '--silent', 'build', '--', 'all', ...parameters], { cwd: ROOT })
}

function describe({ runtime, target, how, passed, userTimeout }: Shown): string {
  return `${runtime}, ${target}, ${how}: ${passed.length} shown; user timeout ${userTimeout}`
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}
