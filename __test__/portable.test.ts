/** The tests that run on every system are listed, and the needs of every other test are known. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { MACHINES, RUNS } from '../lab/platforms/elsewhere.ts'

interface Portable {
  readonly PORTABLE: readonly string[]
  readonly ON_UNIX: readonly string[]
  readonly needsOf: (path: string, text: string, platform: string) => string | undefined
}

/** Plain JavaScript without types, because it runs before anything is built. */
const PORTABLE_MODULE: string = '../scripts/portable.mjs'
const { needsOf, ON_UNIX, PORTABLE } = (await import(PORTABLE_MODULE)) as Portable

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8')
const tests = (readdirSync(`${root}/__test__`, { recursive: true }) as string[])
  .map((name) => `__test__/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts'))

test('every portable test file exists, and needs nothing that other systems lack', (t) => {
  t.true(PORTABLE.length >= 20)
  for (const path of PORTABLE) {
    t.true(tests.includes(path), path)
    // Under another name, so that only its content decides.
    const text = path === '__test__/portable.test.ts' ? '' : read(path)
    t.is(needsOf('elsewhere.test.ts', text, 'darwin'), "Linux's figures or tools", path)
  }
})

test('the needs of every other test file are reported', (t) => {
  const need = (path: string, platform: string): string => needsOf(path, read(path), platform) ?? 'nothing'
  t.regex(need('__test__/probes.test.ts', 'darwin'), /laboratory/)
  t.regex(need('__test__/settings/plan.test.ts', 'darwin'), /figures/)
  for (const path of ON_UNIX) {
    t.is(need(path, 'darwin'), 'nothing', path)
    t.regex(need(path, 'win32'), /inherits/, path)
    t.regex(read(path), /readback/, path)
  }
  const left = tests.filter((path) => need(path, 'win32') !== 'nothing')
  t.is(left.length + PORTABLE.length, tests.length)
})

test('the workflow runs on every machine that the page lists, with every line of Node', (t) => {
  const workflow = read('.github/workflows/systems.yml')
  for (const { name, nodes } of MACHINES) {
    t.true(workflow.includes(`machine: ${name},`) || workflow.includes(`--machine ${name}`), name)
    t.true(nodes.length >= 4, name)
  }
  for (const line of [18, 20, 22, 24, 26]) t.regex(workflow, new RegExp(`\\b${line}\\b`))
  t.is(RUNS.length, new Set(RUNS).size)
})
