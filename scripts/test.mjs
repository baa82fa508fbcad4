/**
 * `npm test`: installs and builds what is missing, then checks and tests everything that this machine allows, and says
 * at the end what was left out and what is missing for it. With CI set nothing may be left out.
 */
import { check } from './check.mjs'
import { leftOut } from './left-out.mjs'
import { ready, readyExamples, step } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readCargo } from './reports.mjs'
import { Suite } from './suite.mjs'

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
await suite.run('Tests', 'npm', ['exec', '--no', '--', 'ava', ...process.argv.slice(2)], readAva)
suite.close()
