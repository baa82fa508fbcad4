/** A script reports invalid arguments as a usage error before it does anything, and never runs nothing. */
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { UsageError } from '../../reliability/arguments.ts'
import * as loss from '../../reliability/deadline/loss.ts'
import * as slowReaders from '../../reliability/deadline/slow-readers.ts'
import * as fuzz from '../../reliability/fuzz/main.ts'
import * as race from '../../reliability/race/main.ts'
import type { Measured } from '../../reliability/record.ts'
import * as soak from '../../reliability/soak/soak.ts'

const TYPESCRIPT = '--import=ts-blank-space/register'

/** For each part of `reliability`, the options that take a whole number from 1 on. */
const PARTS: ReadonlyArray<readonly [part: string, measured: Measured, options: readonly string[]]> = [
  ['fuzz', fuzz, ['calls', 'seconds', 'processes']],
  ['race', race, ['cycles']],
  ['soak', soak, ['connections', 'minutes', 'seconds']],
  ['loss', loss, ['seconds']],
  ['slow-readers', slowReaders, ['deadlines']],
]

function run(
  words: readonly string[],
  variables = {},
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...variables },
    // A run that starts anyway is stopped.
    timeout: 20_000,
  })
}

for (const value of ['x', '0', '', '-1', '1.5', '0x5']) {
  test(`busy --times "${value}" is a usage error`, (t) => {
    const { status, stderr, stdout } = run(['scripts/busy.mjs', `--times=${value}`])
    t.is(stderr, `--times must be a whole number from 1 on, not "${value}"\n`)
    t.deepEqual([status, stdout], [2, ''])
  })
}

for (const [part, measured, options] of PARTS) {
  test(`invalid arguments of ${part} are an error before it does anything`, async (t) => {
    for (const option of options) {
      for (const value of ['x', '0', '', '-1', '1.5', '0x5']) {
        const message = `--${option} must be a whole number from 1 on, not "${value}"`
        await t.throwsAsync(measured.run([`--${option}=${value}`]), { instanceOf: UsageError, message })
      }
    }
    if (measured.usage.includes('--seed')) {
      const message = '--seed must be a whole number from 0 on, not "x"'
      await t.throwsAsync(measured.run(['--seed=x']), { instanceOf: UsageError, message })
    }
    const message = /^Unknown option '--tims'/
    await t.throwsAsync(measured.run(['--tims=1']), { instanceOf: UsageError, message })
  })
}

test('a part reports invalid arguments in one line', (t) => {
  const { status, stderr, stdout } = run([TYPESCRIPT, 'reliability/main.ts', 'race', '--cycles', 'x'])
  t.is(stderr, '--cycles must be a whole number from 1 on, not "x"\n')
  t.deepEqual([status, stdout], [2, ''])
})

test('an option that busy does not know is a usage error', (t) => {
  const { status, stderr, stdout } = run(['scripts/busy.mjs', '--tims=1'])
  t.regex(stderr, /^Unknown option '--tims'/)
  t.deepEqual([status, stdout], [2, ''])
})

test('an unknown measurement is a usage error, and nothing is written', (t) => {
  const { status, stderr, stdout } = run([TYPESCRIPT, 'bench/run.ts', 'call'])
  t.regex(stderr, /^There is no measurement "call"; there are: calls, /)
  t.deepEqual([status, stdout], [2, ''])
})

test('a seed that is not a number is a usage error', (t) => {
  const draw = ['--input-type=module', '-e', "import { drawSeed } from './scripts/seed.mjs'; drawSeed()"]
  for (const seed of ['x', '', '1.5']) {
    const { status, stderr, stdout } = run(draw, { KEEPALIVE_SEED: seed })
    t.is(stderr, `KEEPALIVE_SEED must be a whole number, not "${seed}"\n`)
    t.deepEqual([status, stdout], [2, ''])
  }
})
