/**
 * `npm test -- busy`: runs the tests that measure time on a busy machine: on one processor, together with three endless loops. A test
 * that fails here depends on the machine's speed. `-- --times 5` repeats them, and `-- --all` runs every test. Prints the slowest
 * tests and the seed of the random ones.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ready, readyExamples, root } from './ready.mjs'
import { slowest } from './reports.mjs'
import { drawSeed, SEED } from './seed.mjs'
import { stream } from './suite.mjs'
import { readOptions, wholeNumber } from './usage.mjs'

const LOOPS = 3

const values = readOptions({ times: { type: 'string', default: '1' }, all: { type: 'boolean' } })
const times = wholeNumber('times', values.times)

/** A test that compares times imports its tolerances from timing.ts. */
function filesThatMeasureTime() {
  const files = readdirSync(`${root}/__test__`, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('__test__', name))
  const marked = files.filter((file) =>
    /from '[./a-z]*\/timing\.ts'/.test(readFileSync(`${root}/${file}`, 'utf8')),
  )
  if (marked.length === 0) throw new Error('no test file imports timing.ts')
  return marked.toSorted()
}

/** Pins this process, and so all that it starts, to the last processor. */
function pin() {
  const processor = String(availableParallelism() - 1)
  const { error, status } = spawnSync('taskset', ['-apc', processor, String(process.pid)], {
    stdio: 'ignore',
  })
  if (error || status !== 0) throw new Error('taskset could not pin this process (Debian package util-linux)')
}

/** Starts loops that end when this process ends, also when it is killed. */
function keepBusy() {
  const loop = 'for (const parent = process.ppid; process.ppid === parent;);'
  for (let count = 0; count < LOOPS; count++) spawn(process.execPath, ['-e', loop], { stdio: 'ignore' })
}

ready()
readyExamples()
drawSeed()
const files = values.all ? [] : filesThatMeasureTime()
pin()
keepBusy()
const all = []
for (let time = 0; time < times; time++) {
  const { status, output } = await stream('npm', ['exec', '--no', '--', 'ava', ...files])
  all.push(output)
  if (status !== 0) process.exitCode = 1
}
const tests = slowest(all.join('\n'))
console.log(
  `\nThe ${tests.length} slowest, with ${LOOPS} loops on the same processor and ${SEED}=${process.env[SEED]}:`,
)
for (const { title, seconds } of tests) console.log(`${seconds.toFixed(1).padStart(7)} s  ${title}`)
process.exit()
