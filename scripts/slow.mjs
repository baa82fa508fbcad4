/**
 * `npm test -- slow`: builds and audits every platform's binary, rehearses the release, installs the packages as users do, and runs the
 * parts of `npm run reliability`, some of them shortened. The first run installs compilers; later ones take about twenty minutes.
 */
import { ready, readyExamples } from './ready.mjs'
import { drawSeed } from './seed.mjs'
import { readAva, readRuntimes } from './reports.mjs'
import { Suite } from './suite.mjs'

ready()
readyExamples()
drawSeed()
const suite = new Suite()
const build = (...words) => ['run', '--silent', 'build', '--', ...words]
await suite.command("every platform's binary, built and audited", 'npm', build('all'))
await suite.run('The packages on every runtime', 'npm', ['test', '--silent', '--', 'runtimes'], readRuntimes)
await suite.command('the release, rehearsed', 'npm', ['run', '--silent', 'release:dry'])

// Most of the rest waits for the kernel's timers, or uses one processor. So two run at a time.
const slow = ['exec', '--no', '--', 'ava', '--config', 'ava.slow.config.mjs']
const busy = ['test', '--silent', '--', 'busy']
const again = build('reproducible', '--target', 'linux-x64-gnu')
await Promise.all([tests(), runs()])
suite.close()

async function tests() {
  await suite.run('Slow tests', 'npm', slow, readAva)
  await suite.run('Tests that measure time, on a busy processor', 'npm', busy, readAva)
  await suite.command('two builds in two folders give the same bytes', 'npm', again)
}

async function runs() {
  const soak = ['soak', '--seconds', '60', '--connections', '200']
  await reliability('200 connections to PostgreSQL held through every fault', soak)
  // `npm test` already runs the life cycle on this Node.
  await reliability('reliability: life-cycle on the newest Node', ['life-cycle', '--newest'])
  await reliability('reliability: sanitizers', ['sanitizers', '--rounds', '20'])
}

async function reliability(title, words) {
  const args = ['run', '--silent', 'reliability', '--', ...words]
  await suite.command(title, 'npm', args, { shown: 'at the end' })
}
