/** Worker threads and child processes are covered as docs/whole-program.md says. Every other Node: coverage.slow.ts. */
import test from 'ava'
import { BOTH, documented, measured, WAYS } from './coverage.ts'

const major = Number.parseInt(process.versions.node)

for (const way of WAYS) {
  test(`${way.join(', ')}: workers, forks, clusters and spawned programs are covered as the page says`, async (t) => {
    const said = documented(way, major)
    t.true(Object.keys(said).length >= 14)
    t.deepEqual(await measured(process.execPath, way), said)
  })
}

test('given in both places, whatever either covers is covered', async (t) => {
  const [, onCommandLine, , inVariable] = WAYS.map((way) => documented(way, major))
  const either = Object.keys(inVariable ?? {}).map((kind) => [
    kind,
    inVariable?.[kind] || onCommandLine?.[kind],
  ])
  t.deepEqual(await measured(process.execPath, BOTH), Object.fromEntries(either))
})

test('the way that README recommends covers the most', (t) => {
  const counts = WAYS.map((way) => Object.values(documented(way, major)).filter(Boolean).length)
  t.is(Math.max(...counts), counts.at(-1) ?? 0)
})
