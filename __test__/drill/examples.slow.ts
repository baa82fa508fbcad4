/** examples/drill for jest and vitest: copied unchanged into a project, they pass. Without their one line they fail. */
import type { SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { ROOT } from '../../lab/command.ts'
import { JEST, openScratch, VITEST } from '../runners/scratch.ts'
import { openServers, withBoth } from './real-servers.ts'

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'examples/package.json'), 'utf8')) as {
  dependencies: Readonly<Record<string, string>>
}
const clients = ['pg', 'ioredis'].map((name) => `${name}@${dependencies[name]}`)
const scratch = await openScratch(JEST, VITEST, ...clients)
test.after.always(() => scratch.close())

interface Runner {
  readonly file: string
  readonly words: readonly string[]
  readonly passed: (printed: string) => number
  readonly failed: (printed: string) => number
}

interface Counts {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

/** The JSON reporter's output of both. Other output of the program is printed before it. */
const counts = (printed: string): Counts => JSON.parse(printed.slice(printed.indexOf('{"num'))) as Counts
const byJson = {
  passed: (printed: string) => counts(printed).numPassedTests,
  failed: (printed: string) => counts(printed).numFailedTests,
}
const lines =
  (pattern: RegExp) =>
  (printed: string): number =>
    printed.match(pattern)?.length ?? 0

const RUNNERS: Readonly<Record<string, Runner>> = {
  // Connections that a failed test leaves open would keep the process running.
  jest: {
    file: 'jest.test.cjs',
    words: [scratch.installed('jest/bin/jest.js'), '--json', '--forceExit'],
    ...byJson,
  },
  vitest: {
    file: 'vitest.test.mjs',
    words: [scratch.installed('vitest/vitest.mjs'), 'run', '--reporter=json'],
    ...byJson,
  },
  'node:test': {
    file: 'node-test.test.mjs',
    words: ['--import=./exit.mjs', '--test-reporter=tap', './node-test.test.mjs'],
    passed: lines(/^ok /gm),
    failed: lines(/^not ok /gm),
  },
}

/** node:test waits for what a failed test left open. From Node 22 on, `--test-force-exit` avoids this. */
const EXIT = `import { after } from 'node:test'
after(() => setTimeout(() => process.exit(), 2000).unref())`

/** Runs a copy of the file in its own project. Returns the runner's output, and whether its exit code was 0. */
async function outcome(
  t: ExecutionContext,
  { file, words }: Runner,
  change: (source: string) => string,
): Promise<{ printed: string; isWell: boolean }> {
  t.timeout(400_000)
  const { lab, env } = await openServers(t)
  const source = readFileSync(join(ROOT, 'examples/drill', file), 'utf8')
  const cwd = await scratch.project({ [file]: change(source), 'exit.mjs': EXIT })
  const options: SpawnOptions = { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] }
  const program = lab.client.spawn(process.execPath, words, options)
  const [printed] = await Promise.all([text(program.stdout as NodeJS.ReadableStream), once(program, 'exit')])
  return { printed, isWell: program.exitCode === 0 }
}

/** Without PostgreSQL or Redis the drill cannot run. With CI set this is an error (needs.ts). */
const isHere = withBoth === test

for (const [name, runner] of Object.entries(RUNNERS)) {
  // Sequentially, because a runner uses both processors.
  ;(isHere ? test.serial : test.skip)(`${name}: the pools answer again within 30 s`, async (t) => {
    const { printed, isWell } = await outcome(t, runner, (source) => source)
    t.is(runner.passed(printed), 2, printed)
    t.true(isWell)
  })

  // A slow machine cannot make these pass.
  withBoth(`${name}: without the line that installs the values both tests fail`, async (t) => {
    const { printed, isWell } = await outcome(t, runner, (source) => {
      const without = source.replace(/^installKeepAlive\(.*\n/m, '')
      t.not(without, source)
      return without
    })
    t.is(runner.failed(printed), 2, printed)
    t.false(isWell)
  })
}
