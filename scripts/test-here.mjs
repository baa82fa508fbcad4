/**
 * `npm test -- here`, and `npm test` on every system but Linux: runs all that this machine allows, and lists at the end what it does
 * not allow. That is no failure here, even with CI set. The Node that runs this builds the package; `--node` names another to test.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { leftOut } from './left-out.mjs'
import { needsOf, ON_UNIX, PORTABLE } from './portable.mjs'
import { ready, readyExamples, readyWitness, root } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readCargo } from './reports.mjs'
import { Suite } from './suite.mjs'
import { readOptions } from './usage.mjs'

delete process.env.CI

/** scripts/runtimes/here.ts gets the same words, and acts on the others. */
const { node, help } = readOptions({
  node: { type: 'string', default: process.execPath },
  machine: { type: 'string' },
  write: { type: 'boolean' },
  help: { type: 'boolean' },
})

/** The oldest Node that ava runs on. */
const AVA_NEEDS = 20

const here = ['--import=ts-blank-space/register', join(root, 'scripts/runtimes/here.ts')]
const onInstalled = [...here, ...process.argv.slice(2)]
if (help) process.exit(spawnSync(process.execPath, onInstalled, { cwd: root, stdio: 'inherit' }).status)
ready()
drawSeed()
const suite = new Suite()
await suite.run('Rust tests', 'cargo', ['test', '--quiet', '--locked', '--package=tcp-keepalive'], readCargo)
await testTypeScript()
await suite.command('The packages as installed', process.execPath, onInstalled)
suite.close()

async function testTypeScript() {
  const version = spawnSync(node, ['--print', 'parseInt(process.versions.node)'], { encoding: 'utf8' }).stdout
  if (!(Number(version) >= AVA_NEEDS)) {
    return suite.leaveOut(`The TypeScript tests: ava needs Node ${AVA_NEEDS}, and this is ${version}.`)
  }
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs')
  if (isGlibc()) {
    readyExamples()
    readyWitness()
    for (const reason of await leftOut()) suite.explainSkips(reason)
    return suite.run('Tests', node, [ava], readAva)
  }
  const isUnix = process.platform !== 'win32'
  if (isUnix) readyWitness('--bin=readback')
  for (const reason of leftOutOnOthers()) suite.leaveOut(reason)
  await suite.run('Tests', node, [ava, ...PORTABLE, ...(isUnix ? ON_UNIX : [])], readAva)
}

/** On musl and on other systems: a line for each need, with the test files that have it. */
function leftOutOnOthers() {
  const paths = readdirSync(join(root, '__test__'), { recursive: true })
    .map((name) => `__test__/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts'))
    .toSorted()
  const byNeed = new Map()
  for (const path of paths) {
    const need = needsOf(path, readFileSync(join(root, path), 'utf8'), process.platform)
    const name = path.replace(/^__test__\/|\.test\.ts$/g, '')
    if (need !== undefined) byNeed.set(need, [...(byNeed.get(need) ?? []), name])
  }
  return [...byNeed].map(([need, all]) => `${all.length} of the test files need ${need}: ${all.join(', ')}`)
}

function isGlibc() {
  if (process.platform !== 'linux') return false
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}
