import { readFileSync } from 'node:fs'
import test from 'ava'
import { page, type Shown } from '../../lab/platforms/results.ts'
import { ALL_RUNTIMES } from '../../lab/platforms/runtimes.ts'
import { TARGETS } from '../../scripts/build/targets.ts'

const docs = new URL('../../docs/', import.meta.url)
const results = JSON.parse(readFileSync(new URL('platforms.json', docs), 'utf8')) as readonly Shown[]

test('docs/platforms.md says what was shown and nothing else', (t) => {
  const targets = TARGETS.map(({ name }) => name)
  t.is(readFileSync(new URL('platforms.md', docs), 'utf8'), page(results, targets))
})

test('every runtime has shown the same', (t) => {
  t.deepEqual(
    results.map(({ name }) => name),
    ALL_RUNTIMES.map(({ name }) => name),
  )
  for (const { passed, name } of results) t.deepEqual(passed, results[0]?.passed, name)
})
