/** Runs smoke.cjs on this machine's own build, and with --write puts what it showed into docs/platforms.json. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { compileMisbehaving } from '../../lab/library.ts'
import { MACHINES, runName } from '../../lab/platforms/elsewhere.ts'
import { writeResults } from '../../lab/platforms/results.ts'
import { smoke } from '../../lab/platforms/smoke.ts'
import { run } from '../../lab/run.ts'
import { TARGETS } from '../build/targets.ts'
import { putApp } from './app.ts'

const HELP = `node --import=ts-blank-space/register scripts/runtimes/here.ts [options]

Installs this machine's build as users get it and runs lab/platforms/smoke.cjs on it.

  --node PROGRAM   the Node that runs it, instead of this one
  --machine NAME   what the machine is called in docs/platforms.json. There are
                     ${MACHINES.map(({ name }) => name).join('\n                     ')}
  --write          writes what was shown to docs/platforms.json and docs/platforms.md; takes --machine`

const OPTIONS = {
  node: { type: 'string', default: process.execPath },
  machine: { type: 'string' },
  write: { type: 'boolean', default: false },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const machine = MACHINES.find(({ name }) => name === values.machine)
  if (values.machine !== undefined && !machine) throw new Error(`no machine "${values.machine}"`)
  if (values.write && !machine) throw new Error('--write takes --machine')
  const target = machine?.target ?? targetHere()
  const version = (await run(values.node, ['--version'])).trim()
  const line = version.replace(/^v(\d+)\..*$/, '$1')
  const name = machine ? runName(machine.name, line) : 'this machine'
  const app = join(ROOT, 'target/here')
  try {
    await putApp(app, target, ROOT, await compileMisbehaving())
    const shown = await smoke({ name, target, how: machine?.how ?? 'natively' }, [
      values.node,
      join(app, 'smoke.cjs'),
    ])
    console.log(
      `${name}: ${shown.runtime}, ${target}: ${shown.passed.length} shown; user timeout ${shown.userTimeout}`,
    )
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
