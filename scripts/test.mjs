/**
 * `npm test`: installs and builds what is missing, then checks and tests everything that this machine allows, and says
 * at the end what was left out and what is missing for it. With CI set nothing may be left out. With a word behind `--` one
 * of the parts in parts.mjs; with files, these tests alone are run after the checks. On other systems than
 * Linux it is `npm test -- here`.
 */
import { check } from './check.mjs'
import { leftOut } from './left-out.mjs'
import { printParts, runPart } from './parts.mjs'
import { ready, readyExamples, step } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readCargo } from './reports.mjs'
import { Suite } from './suite.mjs'

const words = process.argv.slice(2)
if (words[0] === '--help') printParts('test')
else if (process.platform !== 'linux' && words.length === 0) await runPart('test', ['here'])
else if (!(await runPart('test', words))) await testAll(words)

async function testAll(files) {
  ready()
  readyExamples()
  const witness = ['build', '--quiet', '--locked', '--release', '--package', 'readback']
  step('Building the witness that reads sockets from another process', 'cargo', witness)
  console.log()
  drawSeed()
  const suite = new Suite()
  check(suite)
  // What misuses memory on purpose is run by the sanitizers alone.
  await suite.run(
    'Rust tests',
    'cargo',
    ['test', '--quiet', '--locked', '--no-fail-fast', '--workspace', '--exclude=tcp-keepalive-misbehave'],
    readCargo,
  )
  for (const reason of await leftOut()) suite.explainSkips(reason)
  await suite.run('Tests', 'npm', ['exec', '--no', '--', 'ava', ...files], readAva)
  suite.close()
}
