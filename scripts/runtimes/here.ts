/** A part of `npm test -- here`: installs this machine's build as users get it, and runs lab/platforms/smoke.cjs. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { named, type Options, ROOT, runCommand } from '../../lab/command.ts'
import { compileMisbehaving } from '../../lab/library.ts'
import { MACHINES, runName } from '../../lab/platforms/elsewhere.ts'
import { writeResults } from '../../lab/platforms/results.ts'
import { smoke } from '../../lab/platforms/smoke.ts'
import { run } from '../../lab/run.ts'
import { TARGETS } from '../build/targets.ts'
import { putApp } from './app.ts'

const HELP = `npm test -- here [options]

Runs all tests that this machine allows, and installs this machine's build as users get it and runs lab/platforms/smoke.cjs.

  --node PROGRAM   tests this Node instead of the one that runs the command
  --machine NAME   the machine's name in docs/platforms.json. The names are
                     ${MACHINES.map(({ name }) => name).join('\n                     ')}
  --write          writes the result to docs/platforms.json and docs/platforms.md; needs --machine`

const OPTIONS = {
  node: { type: 'string', default: process.execPath },
  machine: { type: 'string' },
  write: { type: 'boolean' },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const machine = values.machine === undefined ? undefined : named('machine', MACHINES, values.machine)
  if (values.write && !machine) throw new Error('--write needs --machine')
  const target = machine?.target ?? targetHere()
  const version = (await run(values.node, ['--version'])).trim()
  const line = version.replace(/^v(\d+)\..*$/, '$1')
  const name = machine ? runName(machine.name, line) : 'this machine'
  const app = join(ROOT, 'target/here')
  try {
    await putApp(app, target, ROOT, await compileMisbehaving())
    const runtime = { name, target, how: machine?.how ?? 'natively' }
    const shown = await smoke(runtime, [values.node, join(app, 'smoke.cjs')])
    const { passed, userTimeout } = shown
    console.log(`${name}: ${shown.runtime}, ${target}: ${passed.length} shown; user timeout ${userTimeout}`)
    const targets = TARGETS.map((each) => each.name)
    if (values.write) await writeResults([shown], targets)
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})

function targetHere(): string {
  const start = `${process.platform}-${process.arch}`
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  const musl = process.platform === 'linux' && header.glibcVersionRuntime === undefined
  const found = TARGETS.find(({ name }) => name.startsWith(start) && name.endsWith('-musl') === musl)
  if (found) return found.name
  throw new Error(`there is no binary for ${start}`)
}
