import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { TARGETS } from '../../scripts/build/targets.ts'
import { parseBinaryFile } from '../../src/socket/binary-file.ts'
import { PLATFORMS } from '../../src/socket/no-binary.ts'
import { nodesOwnCall } from '../../src/socket/nodes-own-call.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const GLIBC = (process.report.getReport() as unknown as { header: { glibcVersionRuntime: string } }).header
  .glibcVersionRuntime
const HERE = `${process.platform}-${process.arch}-gnu`
const RUNNING = `  Running: Node.js ${process.versions.node} on ${process.platform} ${process.arch} glibc ${GLIBC}`
const PACKAGE = `  Package: @tcp-keepalive/binding-${HERE}`
const BINARY = readFileSync(join(root, `tcp-keepalive.${HERE}.node`))

/** A program's folder with tcp-keepalive installed, and these platform packages with these files. */
function install(t: ExecutionContext, packages: Readonly<Record<string, Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const modules = join(folder, 'node_modules')
  const main = join(modules, 'tcp-keepalive')
  for (const file of ['dist', 'index.js', 'package.json']) {
    cpSync(join(root, file), join(main, file), { recursive: true })
  }
  for (const [target, binary] of Object.entries(packages)) {
    const platform = join(modules, '@tcp-keepalive', `binding-${target}`)
    mkdirSync(platform, { recursive: true })
    cpSync(join(root, 'npm', target, 'package.json'), join(platform, 'package.json'))
    writeFileSync(join(platform, `tcp-keepalive.${target}.node`), binary)
  }
  return folder
}

/** The error at the first use in that folder. */
function use(folder: string, ...flags: readonly string[]): { message: string; path: string } {
  const program = `
    const { systemKeepAlive, TcpKeepAliveError } = require('tcp-keepalive') // does not throw
    try { systemKeepAlive(); console.log('loaded') } catch (error) {
      if (!(error instanceof TcpKeepAliveError) || error.code !== 'ERR_TCP_KEEPALIVE_NO_BINARY') throw error
      console.log(error.message)
    }`
  const message = run(folder, [...flags, '--eval', program])
  const path = join(folder, `node_modules/@tcp-keepalive/binding-${HERE}/tcp-keepalive.${HERE}.node`)
  return { message, path }
}

function run(folder: string, parameters: readonly string[]): string {
  const { stdout, stderr, signal } = spawnSync(process.execPath, parameters, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  return `${stdout}${stderr}${signal ?? ''}`.trimEnd()
}

const REINSTALL =
  "  - Delete node_modules and install again; if that brings the same file, clear the package manager's cache."

test('a missing binary, when no other is installed', (t) => {
  t.is(
    use(install(t)).message,
    `The native binary of tcp-keepalive is missing.
${RUNNING}
${PACKAGE}
  Cause: Cannot find module '@tcp-keepalive/binding-${HERE}'
  - Install with optional dependencies: without --omit=optional or --no-optional, also in .npmrc.
  - A lockfile written on another system may lack the package: delete node_modules and the lockfile, and install.
  - If node_modules is copied from another system, install there with: npm install --os=${process.platform} --cpu=${process.arch} --libc=glibc
  - If the program is bundled, keep tcp-keepalive external and install it beside the bundle.`,
  )
})

test('a missing binary, when those of other systems are installed', (t) => {
  t.is(
    use(install(t, { 'darwin-arm64': BINARY, 'linux-x64-musl': BINARY })).message,
    `The native binary of tcp-keepalive is missing.
${RUNNING}
${PACKAGE}
  Cause: Cannot find module '@tcp-keepalive/binding-${HERE}'
  - Installed are @tcp-keepalive/binding-darwin-arm64, @tcp-keepalive/binding-linux-x64-musl: node_modules comes from another system.
  - Install on this system, or on the other one with: npm install --os=${process.platform} --cpu=${process.arch} --libc=glibc`,
  )
})

for (const length of [0, 100, 4096, BINARY.length >> 1, BINARY.length - 1]) {
  test(`a binary cut off after ${length} bytes does not end the process`, (t) => {
    const { message, path } = use(install(t, { [HERE]: BINARY.subarray(0, length) }))
    const [first, running, name, cause, file, ...rest] = message.split('\n')
    t.deepEqual(
      [first, running, name, cause, rest],
      [
        'The native binary of tcp-keepalive is broken.',
        RUNNING,
        PACKAGE,
        '  Cause: its end is missing',
        [REINSTALL],
      ],
    )
    const what = length > 64 ? 'for Linux on x64' : `of ${length} bytes`
    t.is(file, `  - The file is ${what}: ${path}`)
  })
}

for (const [what, offset, bytes] of [
  ['for Linux on arm64', 18, [183, 0]],
  ['for macOS on arm64', 0, [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1]],
  ['no native binary', 0, [0x3c, 0x21, 0x64, 0x6f]],
] as const) {
  test(`a binary ${what}`, (t) => {
    const binary = Buffer.from(BINARY)
    binary.set(bytes, offset)
    const { message, path } = use(install(t, { [HERE]: binary }))
    const [first, running, name, cause, ...advice] = message.split('\n')
    t.deepEqual(
      [first, running, name, ...advice],
      [
        'The native binary of tcp-keepalive is broken.',
        RUNNING,
        PACKAGE,
        `  - The file is ${what}: ${path}`,
        REINSTALL,
      ],
    )
    t.true(cause?.startsWith(`  Cause: ${path}: `), cause) // the rest is the system's text
  })
}

test('addons forbidden by --no-addons', (t) => {
  t.is(
    use(install(t, { [HERE]: BINARY }), '--no-addons').message,
    `The native binary of tcp-keepalive is forbidden.
${RUNNING}
${PACKAGE}
  Cause: Cannot load native addon because loading addons is disabled.
  - Node runs with --no-addons: take it from the command line, NODE_OPTIONS or the Worker's options.`,
  )
})

test('addons forbidden by the permission model', (t) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission'
  t.is(
    use(install(t, { [HERE]: BINARY }), flag, '--allow-fs-read=*').message,
    `The native binary of tcp-keepalive is forbidden.
${RUNNING}
${PACKAGE}
  Cause: Cannot load native addon because loading addons is disabled.
  - Node runs with --permission: add --allow-addons.`,
  )
})

/** The error at the first use on a machine without a binary, in a Node that simulates `version`. */
function onOtherMachine(t: ExecutionContext, version: string): string {
  const folder = install(t)
  const program = `Object.defineProperty(process, 'arch', { value: 'riscv64' })
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  writeFileSync(join(folder, 'riscv.cjs'), program)
  return use(folder, '--require', './riscv.cjs').message
}

test('a system that has no binary', (t) => {
  t.is(
    onOtherMachine(t, '24.18.0'),
    `The native binary of tcp-keepalive does not exist.
  Running: Node.js 24.18.0 on linux riscv64
  Package: none fits
  - There are binaries for ${PLATFORMS.join(', ')}.`,
  )
})

test("a system that has no binary, when Node's own call takes interval and count", (t) => {
  t.is(
    onOtherMachine(t, '24.19.0'),
    `The native binary of tcp-keepalive does not exist.
  Running: Node.js 24.19.0 on linux riscv64
  Package: none fits
  - There are binaries for ${PLATFORMS.join(', ')}.
  - Meanwhile, Node can set time, interval and retries of a connected socket by itself, and nothing more:
  - socket.setKeepAlive(true, 60_000, 10_000, 6) // an idle connection is given up after 2 min; again after each connect`,
  )
})

test("the error names Node's own call only in Node, and from the versions on that take interval and count", (t) => {
  const names = (version: string | undefined): boolean => nodesOwnCall(version).length > 0
  for (const version of ['24.19.0', '24.21.0', '26.4.0', '26.10.0', '27.0.0', '28.1.2'])
    t.true(names(version), version)
  for (const version of ['18.20.8', '22.23.3', '24.18.9', '25.9.0', '26.3.0'])
    t.false(names(version), version)
  t.false(names(undefined))
})

for (const [what, packages] of [
  ['is missing', {}],
  ['is cut off', { [HERE]: BINARY.subarray(0, BINARY.length >> 1) }],
] as const) {
  test(`tcp-keepalive/native can be imported if its binary ${what}, and its functions throw an error that says so`, (t) => {
    const folder = install(t, packages)
    const { message } = use(folder)
    const program = `
      import { setKeepAlive } from 'tcp-keepalive/native' // does not throw
      try { setKeepAlive(0, true, 60, 10, 6, 0) } catch (error) { console.log(error.message) }`
    t.is(run(folder, ['--input-type=module', '--eval', program]), message)
  })
}

test('a broken binary is loaded after it is repaired', (t) => {
  const folder = install(t, { [HERE]: BINARY.subarray(0, 100) })
  const { path } = use(folder)
  const program = `
    const { copyFileSync } = require('node:fs')
    const calls = [() => require('tcp-keepalive').systemKeepAlive(), () => require('tcp-keepalive/native').optionName(2)]
    const tried = () => calls.map((call) => { try { call(); return 'loaded' } catch ({ code }) { return code } })
    console.log(...tried())
    copyFileSync(${JSON.stringify(join(root, `tcp-keepalive.${HERE}.node`))}, ${JSON.stringify(path)})
    console.log(...tried())`
  t.is(
    run(folder, ['--eval', program]),
    'ERR_TCP_KEEPALIVE_NO_BINARY ERR_TCP_KEEPALIVE_NO_BINARY\nloaded loaded',
  )
})

test('the binary of this platform loads', (t) => {
  t.is(use(install(t, { [HERE]: BINARY })).message, 'loaded')
})

test('the listed platforms are those that are built', (t) => {
  t.deepEqual(
    PLATFORMS,
    TARGETS.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b, 'en')),
  )
})

test('binaries of every kind are recognized by their first bytes', (t) => {
  t.deepEqual(parseBinaryFile(BINARY.subarray(0, 1024), BINARY.length), {
    description: 'for Linux on x64',
    truncated: false,
  })
  const pe = Buffer.alloc(1024)
  pe.write('MZ')
  pe.writeUInt32LE(128, 60)
  pe.writeUInt16LE(0xaa64, 132)
  t.deepEqual(parseBinaryFile(pe, 200_000), { description: 'for Windows on arm64', truncated: false })
})
