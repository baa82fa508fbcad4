import { readFileSync } from 'node:fs'
import test from 'ava'
import { RUNS } from '../../lab/platforms/elsewhere.ts'
import { page, type Shown } from '../../lab/platforms/results.ts'
import { ALL_RUNTIMES } from '../../lab/platforms/runtimes.ts'
import { TARGETS } from '../../scripts/build/targets.ts'

const docs = new URL('../../docs/', import.meta.url)
const results = JSON.parse(readFileSync(new URL('platforms.json', docs), 'utf8')) as readonly Shown[]
const recorded = readFileSync(new URL('platforms.md', docs), 'utf8')

test('docs/platforms.md equals the recorded results', (t) => {
  const targets = TARGETS.map(({ name }) => name)
  t.is(recorded, page(recorded, results, targets))
})

/** Checks that only run on Windows. */
const OF_WINDOWS = 'time and interval as on older Windows'

test('every runtime has passed the same checks', (t) => {
  const names = results.map(({ name }) => name)
  t.deepEqual(
    names.filter((name) => !RUNS.includes(name)),
    ALL_RUNTIMES.map(({ name }) => name),
  )
  t.deepEqual(
    names.filter((name) => RUNS.includes(name)),
    RUNS.filter((name) => names.includes(name)),
  )
  for (const { passed, name, target } of results) {
    t.is(passed.includes(OF_WINDOWS), target.startsWith('win32'), name)
    t.deepEqual(
      passed.filter((check) => check !== OF_WINDOWS),
      results[0]?.passed,
      name,
    )
  }
})

test('the page lists for every machine what nobody has run there, until somebody has', (t) => {
  const names = TARGETS.map(({ name }) => name)
  const mac = { name: 'macos-arm64-node-24', target: 'darwin-arm64', how: 'macOS 15', runtime: 'Node.js 24' }
  const before = page(recorded, results, names)
  t.regex(before, /^\| macos-arm64 \| macOS 15 \| darwin-arm64 \| 18, 20, 22, 24, 26 \|$/m)
  t.regex(before, /^\| darwin-arm64 \| built only /m)
  const more = { ...mac, passed: ['load'], userTimeout: 'set and read back' }
  const after = page(recorded, [...results, more], names)
  t.regex(after, /^\| macos-arm64 \| macOS 15 \| darwin-arm64 \| 18, 20, 22, 26 \|$/m)
  t.regex(after, /^\| darwin-arm64 \| tested /m)
})
