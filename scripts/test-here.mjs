/**
 * `npm test -- here`, and `npm test` on every system but Linux: all that this machine allows, and at the end by name what it does not.
 * With CI set that is no failure here. The Node that runs this needs what builds the package; another one can be tested.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { leftOut } from './left-out.mjs'
import { needsOf, ON_UNIX, PORTABLE } from './portable.mjs'
import { ready, readyExamples, root, step } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readCargo } from './reports.mjs'
import { Suite } from './suite.mjs'

delete process.env.CI

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    machine: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

/** The oldest Node that ava runs on. */
const AVA_NEEDS = 20

ready()
drawSeed()
const suite = new Suite()
await suite.run('Rust tests', 'cargo', ['test', '--quiet', '--locked', '--package=tcp-keepalive'], readCargo)
await testTypeScript()
await smoke()
suite.close()

async function testTypeScript() {
  const line = Number(
    spawnSync(values.node, ['--print', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout,
  )
  if (!(line >= AVA_NEEDS)) {
    suite.leaveOut(`The TypeScript tests: ava needs Node ${AVA_NEEDS}, and this is ${line}.`)
    return
  }
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs')
  if (isGlibc()) {
    readyExamples()
    buildWitness([])
    for (const reason of await leftOut()) suite.explainSkips(reason)
    await suite.run('Tests', values.node, [ava], readAva)
    return
  }
  const files = [...PORTABLE, ...(process.platform === 'win32' ? [] : ON_UNIX)]
  if (process.platform !== 'win32') buildWitness(['--bin=readback'])
  for (const reason of leftOutOnOthers()) suite.leaveOut(reason)
  await suite.run('Tests', values.node, [ava, ...files], readAva)
}

function buildWitness(which) {
  const witness = ['build', '--quiet', '--locked', '--release', '--package=readback', ...which]
  step('Building the witness that reads sockets from another process', 'cargo', witness)
}

/** On musl and on other systems: a line for each need, with the files. */
function leftOutOnOthers() {
  const tests = readdirSync(join(root, '__test__'), { recursive: true })
    .map((name) => `__test__/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts'))
    .toSorted()
  const byNeed = new Map()
  for (const path of tests) {
    const need = needsOf(path, readFileSync(join(root, path), 'utf8'), process.platform)
    if (need !== undefined)
      byNeed.set(need, [...(byNeed.get(need) ?? []), path.replace(/^__test__\/|\.test\.ts$/g, '')])
  }
  return [...byNeed].map(
    ([need, paths]) => `${paths.length} of the test files need ${need}: ${paths.join(', ')}`,
  )
}

async function smoke() {
  const script = [
    '--import=ts-blank-space/register',
    join(root, 'scripts/runtimes/here.ts'),
    `--node=${values.node}`,
  ]
  if (values.machine !== undefined) script.push(`--machine=${values.machine}`)
  if (values.write) script.push('--write')
  await suite.command('The packages as installed', process.execPath, script)
}

function isGlibc() {
  if (process.platform !== 'linux') return false
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}
