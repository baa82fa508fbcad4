/**
 * `npm test`: installs and builds what is missing, then runs all checks and tests that this machine allows. It lists at the end what was
 * left out and why; with CI set, nothing may be left out. With a word after `--`, it runs a part of parts.mjs. With files, it
 * runs the checks and only these tests. On systems other than Linux it is `npm test -- here`.
 */
import { check } from './check.mjs'
import { leftOut } from './left-out.mjs'
import { printParts, runPart } from './parts.mjs'
import { ready, readyExamples, readyWitness } from './ready.mjs'
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
  readyWitness()
  console.log()
  drawSeed()
  const suite = new Suite()
  check(suite)
  // Only the sanitizers run the crate that misuses memory.
  const all = ['--no-fail-fast', '--workspace', '--exclude=tcp-keepalive-misbehave']
  await suite.run('Rust tests', 'cargo', ['test', '--quiet', '--locked', ...all], readCargo)
  for (const reason of await leftOut()) suite.explainSkips(reason)
  await suite.run('Tests', 'npm', ['exec', '--no', '--', 'ava', ...files], readAva)
  suite.close()
}
