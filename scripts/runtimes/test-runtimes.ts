/** `npm test -- runtimes`: tests the installed packages on every runtime that this machine can get. */
import { named, type Options, ROOT, runCommand } from '../../lab/command.ts'
import { writeResults, type Shown, shownIn } from '../../lab/platforms/results.ts'
import { smoke } from '../../lab/platforms/smoke.ts'
import { ALL_RUNTIMES, type Runtime } from '../../lab/platforms/runtimes.ts'
import { run } from '../../lab/run.ts'
import { TARGETS } from '../build/targets.ts'
import { putApp } from './app.ts'

const HELP = `npm test -- runtimes [options]

Installs tcp-keepalive for every runtime that this machine can get, and runs lab/platforms/smoke.cjs there.

  --only NAME   tests only this runtime; can be repeated. The runtimes are
                  ${ALL_RUNTIMES.map(({ name }) => name).join('\n                  ')}
  --no-build    uses the binaries in artifacts/ and artifacts/misbehaving/ without building them
  --merge DIR   tests nothing; writes the results of the workflow's machines, one folder of DIR each
  --write       builds every platform, and writes the results to docs/platforms.json and docs/platforms.md

The runtimes come from npm, PyPI and Debian, and are kept in KEEPALIVE_CACHE, by default ~/.cache/tcp-keepalive.
If CI is set, a runtime that is not available is a failure.`

const OPTIONS = {
  only: { type: 'string', multiple: true, default: [] },
  'no-build': { type: 'boolean' },
  merge: { type: 'string' },
  write: { type: 'boolean' },
} satisfies Options

const TARGET_NAMES = TARGETS.map(({ name }) => name)

await runCommand(HELP, OPTIONS, async ({ only, 'no-build': isBuilt, merge, write }) => {
  if (merge !== undefined) {
    const merged = await shownIn(merge)
    await writeResults(merged, TARGET_NAMES)
    console.log(`${merged.length} runs of the workflow`)
    return
  }
  const runtimes = only.length === 0 ? ALL_RUNTIMES : only.map((name) => named('runtime', ALL_RUNTIMES, name))
  if (!isBuilt) {
    const targets = new Set(runtimes.map(({ target }) => `--target=${target}`))
    await build(write ? [] : [...targets])
    await build([...targets, '--misbehaving', '--out=artifacts/misbehaving'])
  }
  const started = Date.now()
  const { shown, failed, skipped } = await testAll(runtimes)
  if (write) await writeResults(shown, TARGET_NAMES)
  console.log(`\nin ${seconds(started)}`)
  console.log(`runtimes: ${shown.length} passed, ${failed} failed, ${skipped} skipped`)
  if (failed > 0) process.exitCode = 1
})

async function build(parameters: readonly string[]): Promise<void> {
  console.log(`npm run build -- all ${parameters.join(' ')}`)
  await run('npm', ['run', '--silent', 'build', '--', 'all', ...parameters], { cwd: ROOT })
}

async function testAll(
  runtimes: readonly Runtime[],
): Promise<{ shown: readonly Shown[]; failed: number; skipped: number }> {
  const shown: Shown[] = []
  let [failed, skipped] = [0, 0]
  const stops = new Set<() => Promise<void>>()
  for (const [index, runtime] of runtimes.entries()) {
    const title = `[${index + 1}/${runtimes.length}] ${runtime.name}`
    const reason = await runtime.unavailable()
    if (reason !== undefined && !process.env['CI']) {
      skipped += 1
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
      const ran = `${result.runtime}, ${result.target}, ${result.how}`
      const told = `${result.passed.length} shown; user timeout ${result.userTimeout}`
      console.log(`\u2714 ${title}: ${ran}: ${told} (${seconds(begun)})`)
    } catch (error) {
      failed += 1
      const message = error instanceof Error ? error.message : String(error)
      console.log(`\u2718 ${title} (${seconds(begun)})\n${message}`)
    }
  }
  for (const stop of stops) await stop()
  return { shown, failed, skipped }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}
