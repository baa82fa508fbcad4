import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { KeepAlive } from 'tcp-keepalive'

const program = fileURLToPath(new URL('register-program.cjs', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

async function run(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd: string = here,
): Promise<Ended> {
  const env = { ...process.env, NODE_OPTIONS: '', ...variables }
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { stdout, stderr, code }
}

const IMPORT = '--import=tcp-keepalive/register'
const register = (variables?: Readonly<Record<string, string>>): Promise<Ended> =>
  run([IMPORT, program], variables)

const DEFAULT: KeepAlive = {
  enabled: true,
  time: 28_000,
  interval: 5000,
  retries: 5,
  userTimeout: process.platform === 'linux' ? 52_500 : 0,
}
/** The values that the program's driver sets if nothing prevents it. */
const UNPROTECTED: KeepAlive = { enabled: true, time: 5000, interval: 1000, retries: 10, userTimeout: 0 }

const held = ({ stdout }: Ended): unknown => JSON.parse(stdout)

test('with no variables set, the deadline is 60 s; on Linux for waiting, writing and connecting, elsewhere for waiting', async (t) => {
  const ended = await register()
  t.deepEqual(held(ended), DEFAULT)
  t.deepEqual([ended.stderr, ended.code], ['', 0])
})

const FULL: KeepAlive = { enabled: true, time: 11_000, interval: 3000, retries: 5, userTimeout: 25_500 }
const variables: ReadonlyArray<readonly [Record<string, string>, KeepAlive]> = [
  [{ TCP_KEEPALIVE_DETECT_WITHIN: '30s' }, FULL],
  [{ TCP_KEEPALIVE_USER_TIMEOUT: 'leave' }, { ...DEFAULT, userTimeout: 0 }],
  [
    { TCP_KEEPALIVE_USER_TIMEOUT: 'leave', TCP_KEEPALIVE_DETECT_WITHIN: '30s' },
    { ...FULL, userTimeout: 0 },
  ],
  [
    { TCP_KEEPALIVE_USER_TIMEOUT: 'Leave', TCP_KEEPALIVE_TIME: '1h' },
    { ...UNPROTECTED, time: 3_600_000 },
  ],
  [
    { TCP_KEEPALIVE_DETECT_WITHIN: '0.5m', TCP_KEEPALIVE_USER_TIMEOUT: '0' },
    { ...FULL, userTimeout: 0 },
  ],
  [
    {
      TCP_KEEPALIVE_TIME: '1m',
      TCP_KEEPALIVE_INTERVAL: '1500ms',
      TCP_KEEPALIVE_RETRIES: '4',
      TCP_KEEPALIVE_USER_TIMEOUT: '70s',
    },
    { enabled: true, time: 60_000, interval: 2000, retries: 4, userTimeout: 70_000 },
  ],
  [{ TCP_KEEPALIVE_TIME: '1h' }, { ...UNPROTECTED, time: 3_600_000 }],
  [{ TCP_KEEPALIVE_INTERVAL: '9s' }, { ...UNPROTECTED, interval: 9000 }],
  [{ TCP_KEEPALIVE_RETRIES: '3' }, { ...UNPROTECTED, retries: 3 }],
  [{ TCP_KEEPALIVE_USER_TIMEOUT: '2500ms' }, { ...UNPROTECTED, userTimeout: 2500 }],
  [{ TCP_KEEPALIVE_MATCH: 'localhost' }, DEFAULT],
  [{ TCP_KEEPALIVE_MATCH: '1, 127.0.0.0/8:*' }, DEFAULT],
  [{ TCP_KEEPALIVE_MATCH: ',*:5432, localhost:*,' }, DEFAULT],
  [{ TCP_KEEPALIVE_MATCH: 'db.internal:*,5432' }, UNPROTECTED],
  [{ TCP_KEEPALIVE: 'off' }, UNPROTECTED],
  [{ TCP_KEEPALIVE: 'off', TCP_KEEPALIVE_TIME: 'wrong', TCP_KEEPALIVE_REQUIRED: '1' }, UNPROTECTED],
  [{ TCP_KEEPALIVE: 'on', TCP_KEEPALIVE_REQUIRED: '1' }, DEFAULT],
]
for (const [set, expected] of variables) {
  const shown = Object.entries(set).map(([name, value]) => `${name}=${value}`)
  test(shown.join(' '), async (t) => {
    const ended = await register(set)
    t.deepEqual([ended.stderr, ended.code], ['', 0])
    t.deepEqual(held(ended), expected)
  })
}

const wrong: ReadonlyArray<readonly [name: string, value: string, line: RegExp]> = [
  ['TCP_KEEPALIVE_TIME', '30', /TCP_KEEPALIVE_TIME: "30" is not a duration: .*30s or 30ms/],
  ['TCP_KEEPALIVE_TIME', '500ms', /The value of TCP_KEEPALIVE_TIME is out of range. It must be from 1 s to /],
  ['TCP_KEEPALIVE_RETRIES', '128', /The value of TCP_KEEPALIVE_RETRIES is out of range/],
  ['TCP_KEEPALIVE_DETECT_WITHIN', '2s', /The value of TCP_KEEPALIVE_DETECT_WITHIN is out of range/],
  ['TCP_KEEPALIVE_MATCH', '::1', /: TCP_KEEPALIVE_MATCH: "::1" does not say which peers: an IPv6 address/],
  ['TCP_KEEPALIVE_IDLE', '30s', /TCP_KEEPALIVE_IDLE is not known: here it is called TCP_KEEPALIVE_TIME/],
  ['TCP_KEEPALIVE', 'no', /TCP_KEEPALIVE: "no" is not understood/],
]
for (const [name, value, line] of wrong) {
  test(`${name}=${value} prints one line, and the program runs unprotected or, if required, not at all`, async (t) => {
    const ended = await register({ [name]: value })
    t.regex(ended.stderr, line)
    t.regex(ended.stderr, /^tcp-keepalive: [^\n]*; this program runs unprotected\n$/)
    t.deepEqual(held(ended), UNPROTECTED)
    t.is(ended.code, 0)
    const stopped = await register({ [name]: value, TCP_KEEPALIVE_REQUIRED: '1' })
    t.regex(stopped.stderr, line)
    t.regex(stopped.stderr, /^tcp-keepalive: [^\n]*; this program is stopped\n$/)
    t.deepEqual([stopped.stdout, stopped.code], ['', 1])
  })
}

test('the error for TIME with DETECT_WITHIN names the variables', async (t) => {
  const { stderr } = await register({ TCP_KEEPALIVE_TIME: '30s', TCP_KEEPALIVE_DETECT_WITHIN: '30s' })
  t.regex(stderr, /TCP_KEEPALIVE_DETECT_WITHIN solves for TCP_KEEPALIVE_TIME/)
})

test('a missing binary prints one line, and stops the program if it is required', async (t) => {
  const missing = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nonexistent/binding.node' }
  const block = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(block, { recursive: true }))
  const blocker = join(block, 'no-addons.cjs')
  writeFileSync(blocker, `process.dlopen = () => { throw new Error('addons are forbidden here') }`)
  const args = ['--require', blocker, IMPORT, '-e', 'process.stdout.write("ran")']
  const ended = await run(args, missing)
  t.regex(ended.stderr, /^tcp-keepalive: [^\n]+; this program runs unprotected\n$/)
  t.deepEqual([ended.stdout, ended.code], ['ran', 0])
  const stopped = await run(args, { ...missing, TCP_KEEPALIVE_REQUIRED: '1' })
  t.regex(stopped.stderr, /^tcp-keepalive: [^\n]+; this program is stopped\n$/)
  t.deepEqual([stopped.stdout, stopped.code], ['', 1])
})

for (const option of [IMPORT, '--require=tcp-keepalive/register']) {
  for (const where of ['', 'worker', 'child', 'grandchild']) {
    test(`NODE_OPTIONS="${option}" reaches ${where === '' ? 'the program' : `a ${where}`}`, async (t) => {
      const ended = await run([program, where], { NODE_OPTIONS: option })
      t.deepEqual([ended.stderr, ended.code], ['', 0])
      t.deepEqual(held(ended), DEFAULT)
    })
  }
  test(`${option} on the command line reaches a worker thread and a fork()ed child, but no other child process`, async (t) => {
    t.deepEqual(held(await run([option, program, 'worker'])), DEFAULT)
    t.deepEqual(held(await run([option, program, 'fork'])), DEFAULT)
    t.deepEqual(held(await run([option, program, 'child'])), UNPROTECTED)
  })
}

test('wrong variables of a single worker are reported', async (t) => {
  const worker = `
    const env = { ...process.env, TCP_KEEPALIVE_TIME: 'soon' }
    new (require('node:worker_threads').Worker)(${JSON.stringify(program)}, { env })`
  const ended = await run([IMPORT, '--eval', worker])
  t.deepEqual(held(ended), UNPROTECTED)
  t.regex(ended.stderr, /^tcp-keepalive: .*TCP_KEEPALIVE_TIME.*; this thread runs unprotected\n$/)
})

test('wrong variables of a single worker stop only that thread, if required', async (t) => {
  const source = `
    const { Worker } = require('node:worker_threads')
    const env = { ...process.env, TCP_KEEPALIVE_TIME: 'soon', TCP_KEEPALIVE_REQUIRED: '1' }
    const worker = new Worker(${JSON.stringify(program)}, { env })
    worker.on('exit', (code) => setTimeout(() => process.stdout.write('thread ' + code), 10))`
  for (const TCP_KEEPALIVE_TIME of ['10s', 'soon']) {
    const ended = await run([IMPORT, '--eval', source], { TCP_KEEPALIVE_TIME })
    t.deepEqual([ended.stdout, ended.code], ['thread 1', 0])
    const lines = ended.stderr.trimEnd().split('\n')
    if (TCP_KEEPALIVE_TIME === 'soon') {
      t.regex(lines.shift() ?? '', /^tcp-keepalive: .*TCP_KEEPALIVE_TIME.*; this program runs unprotected$/)
    }
    t.is(lines.length, 1)
    t.regex(lines[0] ?? '', /^tcp-keepalive: .*TCP_KEEPALIVE_TIME.*; this thread is stopped$/)
  }
})

test("a worker does not repeat the main thread's message", async (t) => {
  const ended = await run([program, 'worker'], { NODE_OPTIONS: IMPORT, TCP_KEEPALIVE_TIME: 'soon' })
  t.is(ended.stderr.match(/tcp-keepalive:/g)?.length, 1)
  t.deepEqual(held(ended), UNPROTECTED)
})

test('npm works as usual with it in NODE_OPTIONS', async (t) => {
  const npm = join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js')
  const cli = [npm, '/usr/share/nodejs/npm/bin/npm-cli.js'].find((file) => {
    try {
      return readFileSync(file).length > 0
    } catch {
      return false
    }
  })
  if (cli === undefined) return t.pass('no npm beside this Node')
  const [without, with_] = [
    await run([cli, '--version']),
    await run([cli, '--version'], { NODE_OPTIONS: IMPORT }),
  ]
  t.deepEqual(with_, without)
  return undefined
})

test('it shares its state with the program, in both module formats and together', async (t) => {
  const source = `
    import { createRequire } from 'node:module'
    import { Socket } from 'node:net'
    import { installKeepAlive } from 'tcp-keepalive'
    const require = createRequire(process.cwd() + '/')
    installKeepAlive({ time: 9000 }, { match: 1 }) // the first call, before which register may have loaded nothing
    const { connect } = Socket.prototype
    require('tcp-keepalive').installKeepAlive({ time: 9000 }, { match: 1 })
    require('tcp-keepalive/register')
    await import('tcp-keepalive/register')
    process.stdout.write(String(Socket.prototype.connect === connect))`
  const args = [IMPORT, '--require=tcp-keepalive/register', '--input-type=module', '-e', source]
  t.deepEqual(await run(args), { stdout: 'true', stderr: '', code: 0 })
})

test('in a folder without the package every program of Node ends, with the error that README.md names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-elsewhere-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [required, imported] = await Promise.all(
    ['--require', '--import'].map((option) =>
      run(['-e', ''], { NODE_OPTIONS: `${option} tcp-keepalive/register` }, folder),
    ),
  )
  t.regex(required?.stderr ?? '', /Cannot find module 'tcp-keepalive\/register'[^]*code: 'MODULE_NOT_FOUND'/)
  t.regex(imported?.stderr ?? '', /code: 'ERR_MODULE_NOT_FOUND'/)
  t.deepEqual([required?.code, imported?.code], [1, 1])
})

test('off loads nothing', async (t) => {
  const source = `process.stdout.write(String(Object.keys(require.cache).filter((file) => /index\\.cjs|\\.node$/.test(file)).length))`
  const args = ['--require=tcp-keepalive/register', '-e', source]
  t.is((await run(args, { TCP_KEEPALIVE: 'off' })).stdout, '0')
})
