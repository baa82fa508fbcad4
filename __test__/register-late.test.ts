/** If Node publishes each new connection, register loads nothing until the first one, and programs see no difference. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ROOT } from '../lab/command.ts'
import { nodeOf } from '../lab/nodes.ts'
import { end, type Ended } from '../lab/run.ts'

const NODE = await nodeOf('24.21.0')
const HERE = import.meta.dirname
const PROGRAM = join(HERE, 'register-late-program.cjs')

function run(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = HERE,
): SpawnSyncReturns<string> {
  const env = { ...process.env, NODE_OPTIONS: '', ...variables }
  return spawnSync(NODE, args, { cwd, env, encoding: 'utf8' })
}

/** Which files of this package, and whether node:net, are loaded in a program that does nothing. */
const LOADED = `
  const ours = Object.keys(require('node:module')._cache).map((file) => require('node:path').basename(file))
  console.log(JSON.stringify({
    ours: ours.filter((file) => /[cm]js$|node$/.test(file)).sort(),
    net: process.moduleLoadList.includes('NativeModule net'),
  }))`

interface Loaded {
  readonly ours: readonly string[]
  readonly net: boolean
}

function loadedWith(variables: Readonly<Record<string, string>>, options = REQUIRE): Loaded {
  return JSON.parse(run([...options, '--eval', LOADED], variables).stdout) as Loaded
}

const REQUIRE = ['--require', 'tcp-keepalive/register']
const IMPORT = ['--import', 'tcp-keepalive/register']

for (const options of [REQUIRE, IMPORT]) {
  test(`${options[0]}: a program that makes no connection loads one small file more`, (t) => {
    t.deepEqual(loadedWith({}, options), { ours: ['register.cjs'], net: false })
    const set = { TCP_KEEPALIVE_DETECT_WITHIN: '30s', TCP_KEEPALIVE_MATCH: '*:5432, 10.0.0.0/8:*' }
    const { ours, net } = loadedWith(set, options)
    t.false(net)
    t.deepEqual(
      ours.filter((file) => /implementation|core|\.node$/.test(file)),
      [],
    )
  })
}

test('a worker that makes no connection loads that one file too', (t) => {
  const worker = `new (require('node:worker_threads').Worker)(${JSON.stringify(LOADED)}, { eval: true })`
  t.deepEqual((JSON.parse(run([...REQUIRE, '--eval', worker]).stdout) as Loaded).ours, ['register.cjs'])
})

/** Their values may be needed before the first connection, or for connections that this thread does not make. */
const AT_START: ReadonlyArray<Readonly<Record<string, string>>> = [
  { TCP_KEEPALIVE_REQUIRED: '1' },
  { TCP_KEEPALIVE_ACCEPTED: '1' },
  { TCP_KEEPALIVE_REACH: 'process' },
  { TCP_KEEPALIVE_MATCH: 'db.internal:5432' },
]
for (const variables of AT_START) {
  test(`${Object.entries(variables).flat().join('=')} loads everything at the start`, (t) => {
    const { ours } = loadedWith(variables)
    t.true(ours.includes('implementation.cjs'))
    t.true(ours.some((file) => file.endsWith('.node')))
  })
}

async function listening(t: ExecutionContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** The output of a program whose first connection is of a kind. */
async function connecting(
  port: number,
  kind: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const environment = { ...process.env, NODE_OPTIONS: '', ...variables }
  return end(NODE, [...REQUIRE, PROGRAM, kind, String(port)], { cwd: HERE, environment })
}

interface Printed {
  readonly told: readonly unknown[]
  readonly isReal: boolean
}

const KINDS = [
  'name',
  'name of several addresses',
  'address',
  'no host',
  'a lookup that answers at once',
  'a socket of its own',
  'http',
  'tls',
  "the program's own install",
]
for (const kind of KINDS) {
  test(`the first connection, ${kind}, is reported as if everything is loaded at the start`, async (t) => {
    const port = await listening(t)
    for (const variables of [{}, { TCP_KEEPALIVE_MATCH: String(port), TCP_KEEPALIVE_TIME: '11s' }]) {
      const late = await connecting(port, kind, variables)
      t.deepEqual(late, await connecting(port, kind, { ...variables, TCP_KEEPALIVE_REQUIRED: '1' }))
      t.deepEqual([late.stderr, late.code], ['', 0])
      t.is((JSON.parse(late.stdout) as Printed).told.length, 1)
    }
  })
}

test('a first connection that does not match is not changed', async (t) => {
  const { stdout, stderr } = await connecting(await listening(t), 'name', { TCP_KEEPALIVE_MATCH: '*:1' })
  t.deepEqual([(JSON.parse(stdout) as Printed).told, stderr], [[], ''])
})

test('fake timers from before the first connection are neither called nor removed', async (t) => {
  const { stdout, stderr } = await connecting(await listening(t), 'fake timers')
  const { told, isReal } = JSON.parse(stdout) as Printed
  t.deepEqual([told.length, isReal, stderr], [1, false, ''])
})

test('what runs from then on belongs to no async context of a request', async (t) => {
  const { stdout } = await connecting(await listening(t), 'within a request')
  const { told } = JSON.parse(stdout) as Printed
  t.true(told.includes('TCPKEEPALIVESWEEP undefined'), stdout)
  t.deepEqual(
    told.filter((each) => String(each).endsWith('this one')),
    [],
  )
})

test('if nothing can be loaded any more, this is reported, and the connection is made', async (t) => {
  const { stdout, stderr, code } = await connecting(await listening(t), 'torn down')
  t.deepEqual([(JSON.parse(stdout) as Printed).told, code], [[], 0])
  t.is(stderr, 'tcp-keepalive: the environment has been torn down; this program runs unprotected\n')
})

const LINUX = `${process.platform}-${process.arch}-gnu`

/** An installation with the given binary, which may be missing. */
function installation(t: ExecutionContext, binary: Buffer | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const home = join(folder, 'node_modules', 'tcp-keepalive')
  mkdirSync(home, { recursive: true })
  for (const part of ['dist', 'index.js', 'package.json']) {
    cpSync(join(ROOT, part), join(home, part), { recursive: true })
  }
  writeFileSync(join(home, 'dist', 'package.json'), '{}')
  if (binary) {
    const platform = join(folder, 'node_modules', '@tcp-keepalive', `binding-${LINUX}`)
    mkdirSync(platform, { recursive: true })
    const main = `tcp-keepalive.${LINUX}.node`
    writeFileSync(join(platform, 'package.json'), JSON.stringify({ main }))
    writeFileSync(join(platform, main), binary)
  }
  return folder
}

const built = join(ROOT, `tcp-keepalive.${LINUX}.node`)
const onGlibc = existsSync(built) ? test : test.skip // a machine that has built another binary has no such file

onGlibc('a binary at its usual place is not loaded before the first connection', (t) => {
  const folder = installation(t, readFileSync(built))
  const { stdout, stderr } = run([...REQUIRE, '--eval', LOADED], {}, folder)
  t.deepEqual([(JSON.parse(stdout) as Loaded).ours, stderr], [['register.cjs'], ''])
})

const BROKEN: ReadonlyArray<readonly [string, () => Buffer | undefined, RegExp]> = [
  [
    'is missing',
    () => undefined,
    /binary of tcp-keepalive is missing .*\(npx tcp-keepalive doctor says more\)/,
  ],
  ['lacks its end', () => readFileSync(built).subarray(0, 100_000), /binary of tcp-keepalive is broken/],
  ['is empty', () => Buffer.alloc(0), /binary of tcp-keepalive is broken/],
  ['is something else', () => Buffer.from('<html>'.repeat(1000)), /binary of tcp-keepalive is broken/],
]
for (const [what, binary, said] of BROKEN) {
  onGlibc(`a binary that ${what} is reported at the start`, (t) => {
    const { stderr, status } = run([...REQUIRE, '--eval', ''], {}, installation(t, binary()))
    t.regex(stderr, said)
    t.regex(stderr, /^tcp-keepalive: [^\n]*; this program runs unprotected\n$/)
    t.is(status, 0)
  })
}

test('forbidden addons are reported at the start', (t) => {
  for (const [options, NODE_OPTIONS] of [
    [['--no-addons'], ''],
    [[], '--no-addons'],
    [['--permission', '--allow-fs-read=*'], ''],
  ] as const) {
    const { stderr } = run([...options, ...REQUIRE, '--eval', ''], { NODE_OPTIONS })
    t.regex(stderr, /tcp-keepalive: The native binary of tcp-keepalive is forbidden .*; this program runs/)
  }
})
