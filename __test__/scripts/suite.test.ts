/** The summary of failed tests at the end of a suite, with the real test runners. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ROOT } from '../../lab/command.ts'

interface Closed {
  readonly code: number
  /** Everything from "Failed:" on. */
  readonly closing: string
}

async function scratch(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-suite-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await mkdir(join(folder, 'src'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** Runs `steps` with a `suite`, and with `sh`, which returns the words of a shell command in this folder. */
async function close(folder: string, steps: string, variables = {}): Promise<Closed> {
  const program = `
    import { Suite } from '${ROOT}/scripts/suite.mjs'
    import { readAva, readCargo, readRuntimes, slowest } from '${ROOT}/scripts/reports.mjs'
    const suite = new Suite()
    const sh = (line) => ['sh', ['-c', 'cd ${folder} && ' + line]]
    ${steps}
    suite.close()`
  const { CI: _ci, KEEPALIVE_SEED: _seed, ...env } = process.env
  const [code, output] = await new Promise<readonly [number, string]>((resolve) => {
    const child = execFile(
      process.execPath,
      ['--input-type=module', '-e', program],
      { env: { ...env, NO_COLOR: '1', ...variables } },
      (_error, stdout) => resolve([child.exitCode ?? -1, stdout]),
    )
  })
  return { code, closing: output.slice(output.indexOf('\nFailed:') + 1) }
}

const AVA_CONFIG = `export default { files: ['*.test.mjs'], timeout: '1m', failFast: false }`

test('each failed test of ava is named with its error, and passed tests are counted', async (t) => {
  const folder = await scratch(t, {
    'package.json': '{ "type": "module" }',
    'ava.config.js': AVA_CONFIG,
    'one.test.mjs': `
      import test from 'ava'
      test('passes', (t) => t.pass())
      test('is an error of its own', () => { throw new Error('the first line\\n✔ not a test\\n  ✔ nor this') })
      test('passes too', (t) => t.pass())
      test('differs', (t) => t.is(1, 2, 'the numbers agree'))`,
    'two.test.mjs': `
      import test from 'ava'
      test('passes in another file', (t) => t.pass())
      test.skip('is left out', (t) => t.pass())`,
  })
  const { code, closing } = await close(
    folder,
    `await suite.run('Slow tests', ...sh('node node_modules/ava/entrypoints/cli.mjs'), readAva)`,
  )
  t.is(code, 1)
  t.regex(closing, / {2}- Slow tests: one › is an error of its own\n/)
  t.regex(closing, /the first line\n/)
  t.regex(closing, / {2}- Slow tests: one › differs\n[^]*the numbers agree/)
  t.regex(closing, /\n3 passed, 2 failed, 1 skipped\n$/)
})

test('an uncaught exception and a test that never ended are named', async (t) => {
  const folder = await scratch(t, {
    'package.json': '{ "type": "module" }',
    'ava.config.js': AVA_CONFIG.replace('1m', '12s'),
    'one.test.mjs': `
      import test from 'ava'
      test('passes', (t) => t.pass())
      test('never ends', () => new Promise(() => setInterval(() => {}, 1000)))`,
    'two.test.mjs': `
      import test from 'ava'
      test('passes before', (t) => t.pass())
      test('throws late', () => new Promise(() => setTimeout(() => { throw new TypeError('out of nowhere') }, 50)))`,
    'three.test.mjs': `import './not-there.mjs'`,
  })
  const { code, closing } = await close(
    folder,
    `await suite.run('Slow tests', ...sh('node node_modules/ava/entrypoints/cli.mjs'), readAva)`,
  )
  t.is(code, 1)
  t.regex(closing, / {2}- Slow tests: one › never ends \(pending when the time was up\)\n/)
  t.regex(closing, / {2}- Slow tests: Uncaught exception in two\.test\.mjs\n[^]*TypeError: out of nowhere/)
  t.regex(closing, / {2}- Slow tests: Uncaught exception in three\.test\.mjs\n[^]*not-there\.mjs/)
  t.regex(closing, / {2}- Slow tests: two › throws late \(pending when the time was up\)\n/)
  // Two exceptions, and two tests without an end.
  t.regex(closing, /\n2 passed, 4 failed, 0 skipped\n$/)
})

test('each failed test of cargo is named with its error, and a failed build with its last lines', async (t) => {
  const cargo = `${process.env['CARGO'] ?? 'cargo'} test --quiet --offline --no-fail-fast`
  const folder = await scratch(t, {
    'Cargo.toml': '[package]\nname = "scratch"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n',
    'src/lib.rs': `
      #[test] fn passes() {}
      #[test] fn fails() { assert_eq!(1, 2, "the numbers agree"); }
      #[test] fn fails_too() { panic!("for another reason"); }`,
  })
  const { code, closing } = await close(folder, `await suite.run('Rust', ...sh('${cargo}'), readCargo)`)
  t.is(code, 1)
  t.regex(closing, / {2}- Rust: fails\n[^-]*the numbers agree/)
  t.regex(closing, / {2}- Rust: fails_too\n[^-]*for another reason/)
  t.regex(closing, /\n1 passed, 2 failed, 0 skipped\n$/)

  await writeFile(join(folder, 'src/lib.rs'), 'fn broken( {}')
  const broken = await close(folder, `await suite.run('Rust', ...sh('${cargo}'), readCargo)`)
  t.regex(broken.closing, / {2}- Rust: no test was run\n[^]*src\/lib\.rs/)
  t.regex(broken.closing, /\n0 passed, 1 failed, 0 skipped\n$/)
})

test('a failed runtime is named with its error, and other commands with their last lines', async (t) => {
  const folder = await scratch(t, {
    'runtimes.txt': `✔ [1/3] node 20: 20 shown (1.0 s)
✘ [2/3] node 26, musl (2.0 s)
values: read back 1, not 2
- [3/3] electron: skipped, it is not there

in 3.0 s
runtimes: 1 passed, 1 failed, 1 skipped
`,
  })
  const { code, closing } = await close(
    folder,
    `await suite.run('Runtimes', ...sh('cat runtimes.txt; exit 1'), readRuntimes)
     await suite.command('a build', ...sh('echo began; echo broken >&2; exit 1'))
     suite.check('a check', ...sh('echo found; exit 1'))
     await suite.run('a runner that dies', ...sh('echo "  2 tests passed"; echo killed >&2; exit 9'), readAva)`,
  )
  t.is(code, 1)
  t.is(
    closing,
    `Failed:
  - Runtimes: [2/3] node 26, musl (2.0 s)
      values: read back 1, not 2
  - a build
      began
      broken
  - a check
      found
  - a runner that dies
        2 tests passed
      killed

3 passed, 4 failed, 1 skipped
`,
  )
})

test('failures are listed with the seed of the random tests', async (t) => {
  const folder = await scratch(t, {})
  const variables = { KEEPALIVE_SEED: '42' }
  const { closing } = await close(folder, `await suite.command('a run', ...sh('exit 1'))`, variables)
  t.is(
    closing,
    'Failed:\n  - a run\n  - the seed of the random tests: KEEPALIVE_SEED=42\n\n0 passed, 1 failed, 0 skipped\n',
  )
})

test("the slowest tests are found in ava's output, whatever the unit", async (t) => {
  const folder = await scratch(t, {})
  const output = [
    '  ✔ one › quick',
    '  ✔ one › with (words) (250ms)',
    '  ✔ one › longest (2m)',
    '  ✔ two › longer (1m 2.5s)',
    '  ✔ two › long (61s)',
  ].join('\n')
  const { closing } = await close(
    folder,
    `for (const { title, seconds } of slowest(${JSON.stringify(output)}, 3)) console.log(title, seconds)`,
  )
  t.is(closing, 'one › longest 120\ntwo › longer 62.5\ntwo › long 61\n\n0 passed, 0 failed, 0 skipped\n')
})

test('a background process that keeps the output open does not delay the end', async (t) => {
  const folder = await scratch(t, {})
  const { code, closing } = await close(
    folder,
    `await suite.command('a run', ...sh('(sleep 300 & echo $! > left); echo said; exit 1'))
     process.kill(Number((await import('node:fs')).readFileSync('${folder}/left', 'utf8')))`,
  )
  t.is(code, 1)
  t.is(closing, 'Failed:\n  - a run\n      said\n\n0 passed, 1 failed, 0 skipped\n')
})

test('of two commands at a time, one is shown in one piece when it has ended', async (t) => {
  const folder = await scratch(t, {})
  const { closing } = await close(
    folder,
    // Each waits for the other, so they overlap however slow the machine is.
    `await Promise.all([
       suite.command('live', ...sh('echo 1; touch one; until [ -e two ]; do sleep 0.05; done; echo 2')),
       suite.command('whole', ...sh('until [ -e one ]; do sleep 0.05; done; echo a; touch two; echo b'), {
         shown: 'at the end',
       }),
     ])`,
  )
  t.regex(closing, /\n• whole\na\nb\n• whole: \d+ s\n/)
  t.regex(closing, /\n2 passed, 0 failed, 0 skipped\n$/)
})
