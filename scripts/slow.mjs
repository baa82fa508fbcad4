/**
 * `npm test -- slow`: every platform's binary built and audited, the release rehearsed, the packages installed as users
 * do, and what `npm run reliability` does, in short or in full. The first run sets up compilers; later ones take some ten
 * minutes.
 */
import { ready, readyExamples } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readRuntimes } from './reports.mjs'
import { Suite } from './suite.mjs'

ready()
readyExamples()
drawSeed()
const suite = new Suite()
await suite.command("every platform's binary, built and audited", 'npm', [
  'run',
  '--silent',
  'build',
  '--',
  'all',
])
const again = ['run', '--silent', 'build', '--', 'reproducible', '--target', 'linux-x64-gnu']
await suite.command('two builds in two folders give the same bytes', 'npm', again)
await suite.run('The packages on every runtime', 'npm', ['test', '--silent', '--', 'runtimes'], readRuntimes)
await suite.command('the release, rehearsed', 'npm', ['run', '--silent', 'release:dry'])
const soak = ['run', '--silent', 'reliability', '--', 'soak', '--seconds', '60', '--connections', '200']
await suite.command('200 connections to PostgreSQL held through every fault', 'npm', soak)
// The life cycle on the Node that runs this is a part of `npm test`.
for (const part of [['sanitizers'], ['life-cycle', '--newest']]) {
  const words = ['run', '--silent', 'reliability', '--', ...part]
  await suite.command(`reliability: ${part.join(' ')}`, 'npm', words)
}
const slow = ['exec', '--no', '--', 'ava', '--config', 'ava.slow.config.mjs']
await suite.run('Slow tests', 'npm', slow, readAva)
await suite.run(
  'Tests that measure time, on a busy machine',
  'npm',
  ['test', '--silent', '--', 'busy'],
  readAva,
)
suite.close()
