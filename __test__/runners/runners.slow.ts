/**
 * Test runners load a program's modules once for each test file, remove `require` after a file has ended, and fake timers, all in
 * one process with one `net.Socket.prototype`. An install that a file leaves behind must not break later files, and must still
 * protect connections.
 */
import test from 'ava'
import { type Dialect, programs, TESTS } from './programs.ts'
import { JEST, openScratch, VITEST } from './scratch.ts'

const scratch = await openScratch(JEST, VITEST, 'mocha@12.0.3', '@sinonjs/fake-timers@15.5.0')
test.after.always(() => scratch.close())

/** A test takes milliseconds, but much longer right after boot or on a busy machine. */
const PATIENCE_MS = 300_000

const sinonTimers = {
  // node:net itself calls process.nextTick.
  fake: "globalThis.clock = require('@sinonjs/fake-timers').install({ toNotFake: ['nextTick', 'queueMicrotask'] })",
  pass: 'clock.tick(600_000)',
  all: 'clock.runAll()',
  real: 'clock.uninstall()',
}
const jestTimers = {
  fake: 'jest.useFakeTimers()',
  pass: 'jest.advanceTimersByTime(600_000)',
  all: 'jest.runAllTimers()',
  real: 'jest.useRealTimers()',
}

/** Sequentially, because each runner uses both processors. */
for (const esm of [false, true]) {
  test.serial(`jest, ${esm ? 'ES modules' : 'CommonJS'}`, async (t) => {
    const cwd = await scratch.project({
      ...programs({
        esm,
        head: esm ? "import { jest } from '@jest/globals'" : '',
        timers: jestTimers,
        reset: 'jest.resetModules()',
        copies: true,
      }),
      'jest.config.json': JSON.stringify({
        testMatch: ['**/*.test.[cm]js'],
        moduleFileExtensions: ['cjs', 'mjs', 'js', 'json', 'node'],
        testSequencer: './in-order.cjs',
        transform: {},
        cacheDirectory: './cache',
      }),
      'in-order.cjs': `
        const { default: Sequencer } = require('@jest/test-sequencer')
        module.exports = class extends Sequencer {
          sort = (tests) => [...tests].sort((a, b) => (a.path < b.path ? -1 : 1))
        }`,
    })
    const flags = esm ? ['--experimental-vm-modules'] : []
    // It would wait forever for a socket that a failed test left open.
    const options = ['--runInBand', '--json', `--testTimeout=${PATIENCE_MS}`, '--forceExit', '--no-watchman']
    const printed = await scratch.node(cwd, ...flags, scratch.installed('jest/bin/jest.js'), ...options)
    t.is((JSON.parse(printed) as { numPassedTests: number }).numPassedTests, TESTS)
  })
}

for (const pool of ['threads', 'forks', 'vmThreads']) {
  test.serial(`vitest, ${pool}`, async (t) => {
    const dialect: Dialect = {
      esm: true,
      head: "import { test, vi } from 'vitest'",
      timers: {
        fake: 'vi.useFakeTimers()',
        pass: 'vi.advanceTimersByTime(600_000)',
        all: 'vi.runAllTimers()',
        real: 'vi.useRealTimers()',
      },
      reset: 'vi.resetModules()',
      copies: false,
    }
    const cwd = await scratch.project({
      ...programs(dialect),
      'vitest.config.mjs': `
        import { BaseSequencer } from 'vitest/node'
        class InOrder extends BaseSequencer {
          async sort(files) { return [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1)) }
        }
        export default { test: {
          pool: '${pool}', isolate: false, maxWorkers: 1, fileParallelism: false, testTimeout: ${PATIENCE_MS},
          hookTimeout: ${PATIENCE_MS}, teardownTimeout: ${PATIENCE_MS},
          include: ['*.test.mjs'], sequence: { sequencer: InOrder },
        } }`,
    })
    const vitest = scratch.installed('vitest/vitest.mjs')
    const printed = await scratch.node(cwd, vitest, 'run', '--reporter=json')
    t.is((JSON.parse(printed) as { numPassedTests: number }).numPassedTests, TESTS)
  })
}

const resetRequire = 'for (const path of Object.keys(require.cache)) delete require.cache[path]'

test.serial('mocha', async (t) => {
  const cwd = await scratch.project(
    programs({
      esm: false,
      head: 'const test = it',
      timers: sinonTimers,
      reset: resetRequire,
      copies: true,
    }),
  )
  const options = ['--reporter=json', '--exit', `--timeout=${PATIENCE_MS}`, '--sort', './*.test.cjs']
  const printed = await scratch.node(cwd, scratch.installed('mocha/bin/mocha.js'), ...options)
  t.is((JSON.parse(printed) as { stats: { passes: number } }).stats.passes, TESTS)
})

test.serial('node:test', async (t) => {
  const files = programs({
    esm: false,
    head: "const { test, mock } = require('node:test')",
    timers: {
      fake: 'mock.timers.enable()',
      pass: 'mock.timers.tick(600_000)',
      all: 'mock.timers.runAll()',
      real: 'mock.timers.reset()',
    },
    reset: resetRequire,
    copies: true,
  })
  // One process for all files; `--test` only has an option for this from Node 22 on.
  const all = [
    `setTimeout(() => process.exit(1), ${PATIENCE_MS}).unref() // a socket that a failed test left open\n`,
  ]
  for (const name of Object.keys(files)) all.push(`require('./${name}')\n`)
  const cwd = await scratch.project({ ...files, 'all.cjs': all.join('') })
  const printed = await scratch.node(cwd, '--test-reporter=tap', 'all.cjs')
  t.regex(printed, new RegExp(`^# pass ${TESTS}$`, 'm'))
})
