/** `npm test -- runtimes`: the packages as they are installed, tried on every runtime that can be had here. */
import { spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, runCommand } from '../../lab/command.ts'
import { keep, type Shown } from '../../lab/platforms/results.ts'
import { ALL_RUNTIMES, type Runtime, type Started } from '../../lab/platforms/runtimes.ts'
import { run } from '../../lab/run.ts'
import { TARGETS } from '../build/targets.ts'
import { putApp } from './app.ts'

const HELP = `npm test -- runtimes [options]

Installs tcp-keepalive for every runtime that can be had on this machine and runs lab/platforms/smoke.cjs on it.

  --only NAME   only this one; may be given again. There are
                  ${ALL_RUNTIMES.map(({ name }) => name).join('\n                  ')}
  --no-build    takes artifacts/ and artifacts/misbehaving/ as they are
  --write       builds every platform, and writes what was shown to docs/platforms.json and docs/platforms.md

The runtimes come from npm, PyPI and Debian, and are kept in KEEPALIVE_CACHE, by default ~/.cache/tcp-keepalive.
With CI set, what cannot be had is a failure.`

/** Emulated, a start alone takes seconds. */
const LIMIT_MS = 180_000

await runCommand(HELP, async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      'no-build': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
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
      const result = await tryOn(runtime, ready)
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
  if (values.write)
    await keep(
      shown,
      TARGETS.map(({ name }) => name),
    )
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

/** What smoke.cjs prints. */
interface Smoke {
  readonly runtime: string
  readonly passed: readonly string[]
  readonly failed: Readonly<Record<string, string>>
  readonly userTimeout: string
}

async function tryOn(runtime: Runtime, { app, command }: Started): Promise<Shown> {
  await putApp(app, runtime.target)
  const { output, end } = await outputOf(command)
  const line = output.split('\n').find((each) => each.startsWith('{"runtime"'))
  if (line === undefined) throw new Error(`${command.join(' ')}\nended with ${end}:\n${output}`)
  const smoke = JSON.parse(line) as Smoke
  const failures = Object.entries(smoke.failed)
  if (failures.length > 0) throw new Error(failures.map(([name, error]) => `${name}: ${error}`).join('\n'))
  if (end !== 0) throw new Error(`everything was shown, but it ended with ${end}:\n${output}`)
  const { name, target, how } = runtime
  return { name, target, how, runtime: smoke.runtime, passed: smoke.passed, userTimeout: smoke.userTimeout }
}

function describe({ runtime, target, how, passed, userTimeout }: Shown): string {
  return `${runtime}, ${target}, ${how}: ${passed.length} shown; user timeout ${userTimeout}`
}

/** Through a file: Windows programs under Wine may lose what they write into a pipe. */
async function outputOf(command: readonly string[]): Promise<{ output: string; end: number | string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-'))
  const path = join(folder, 'output')
  const file = await open(path, 'w')
  try {
    const [program = '', ...parameters] = command
    // A group of its own, which can be ended as a whole.
    const child = spawn(program, parameters, { stdio: ['ignore', file.fd, file.fd], detached: true })
    const end = await new Promise<number | string>((resolve, reject) => {
      const limit = setTimeout(() => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      }, LIMIT_MS)
      child.once('error', reject).once('exit', (code, signal) => {
        clearTimeout(limit)
        resolve(code ?? signal ?? 'nothing')
      })
    })
    return { output: await readFile(path, 'utf8'), end }
  } finally {
    await file.close()
    await rm(folder, { recursive: true })
  }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}
