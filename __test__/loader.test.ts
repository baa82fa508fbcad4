/** The package that the loader requires, on systems that are simulated here. `npm test -- runtimes` tests real ones. */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import vm from 'node:vm'
import test from 'ava'
import { ROOT } from '../lab/command.ts'
import { BINARY_NAME, TARGETS } from '../scripts/build/targets.ts'

const loader = readFileSync(join(ROOT, 'index.js'), 'utf8')

const exported = [...loader.matchAll(/^module\.exports\.(\w+) = /gm)].map(([, name]) => name ?? '')

interface System {
  readonly platform: string
  readonly arch: string
  /** The text of /usr/bin/ldd; undefined if there is no such file. */
  readonly ldd?: string
  readonly report?: object
}

/** What the loader asks of the package. */
const core = { checkBinary: (): void => {} }
const implementation = { noBinary: (error: Error) => new TypeError(error.message) }

interface Loaded {
  /** The package that was required. */
  readonly asked: string
  /** The value that the loader leaves in `process.report.excludeNetwork`. */
  readonly excludesNetwork: boolean
  readonly exports: Readonly<Record<string, (() => unknown) | undefined>>
}

interface Place {
  /** The URL of the loader's file; undefined in a bundle of ES modules. */
  readonly file?: string | undefined
  readonly argv?: readonly string[]
  /** The file from which the package is found; from any file if it is left out. */
  readonly foundFrom?: string
  /** The existing files. */
  readonly files?: readonly string[]
}

const PLACE: Place = { file: '/app/node_modules/tcp-keepalive/index.js' }

/** @param binding the exports of the package; undefined if it is missing */
function loadOn({ platform, arch, ldd, report }: System, binding?: object, place: Place = PLACE): Loaded {
  const { file, argv = ['/usr/bin/node', '/app/main.js'], foundFrom, files = [] } = place
  let asked = 'nothing'
  const module = { exports: {} }
  const readFileSync = (): string => {
    if (ldd === undefined) throw new Error('ENOENT')
    return ldd
  }
  const createRequire = (from: string): object => {
    const resolve = (name: string): string => {
      asked = name
      if (binding === undefined || (foundFrom !== undefined && foundFrom !== from))
        throw new Error('not found')
      return `/found/${name}`
    }
    const load = (path: string): object => {
      if (!path.startsWith('/found/')) asked = path
      return binding ?? {}
    }
    return Object.assign(load, { resolve })
  }
  const modules: Readonly<Record<string, object>> = {
    'node:fs': { readFileSync, existsSync: (path: string) => files.includes(normalize(path)) },
    'node:module': { createRequire },
    'node:path': { isAbsolute, join },
    './dist/core.cjs': core,
    './dist/implementation.cjs': implementation,
  }
  const require = (name: string): object => {
    const found = modules[name]
    if (!found) throw new Error(`a bundler would follow this: ${name}`)
    return found
  }
  const started = { argv, env: {}, execPath: '/usr/bin/node', cwd: () => '/cwd' }
  const process = {
    ...started,
    platform,
    arch,
    report: { excludeNetwork: false, getReport: () => report },
  }
  const here = file === undefined ? {} : { __filename: file, __dirname: dirname(file) }
  vm.runInNewContext(loader, { module, process, require, ...here })
  return { asked, excludesNetwork: process.report.excludeNetwork, exports: module.exports }
}

const askedFor = (system: System): string => loadOn(system, {}).asked

const GLIBC = { ldd: '# This file is part of the GNU C Library.' }
const MUSL = { ldd: 'musl libc (x86_64)' }

test('each system gets its own package', (t) => {
  for (const { name } of TARGETS) {
    const [platform = '', arch = '', libc = ''] = name.split('-')
    const system = { platform, arch, ...(libc === 'musl' ? MUSL : GLIBC) }
    t.is(askedFor(system), `@tcp-keepalive/binding-${name}`)
  }
})

test('without /usr/bin/ldd the report identifies the C library', (t) => {
  const linux = { platform: 'linux', arch: 'x64' }
  const glibc = { header: { glibcVersionRuntime: '2.36' }, sharedObjects: ['/lib/libc.so.6'] }
  const musl = { header: {}, sharedObjects: ['/lib/ld-musl-x86_64.so.1'] }
  t.is(askedFor({ ...linux, report: glibc }), '@tcp-keepalive/binding-linux-x64-gnu')
  t.is(askedFor({ ...linux, report: musl }), '@tcp-keepalive/binding-linux-x64-musl')
  t.is(askedFor(linux), '@tcp-keepalive/binding-linux-x64-gnu')
  t.false(loadOn({ ...linux, report: musl }, {}).excludesNetwork, "the program's own reports have all of it")
})

test('the loader exports the binding itself, so calls have no wrapper', (t) => {
  const binding = { setKeepAlive: () => 0 }
  t.is(loadOn({ platform: 'linux', arch: 'x64', ...GLIBC }, binding).exports, binding as never)
})

test('without a binary the import works, and every function throws an error with the reason', (t) => {
  const said = (system: System): Set<string> => {
    const { load, ...functions } = loadOn(system).exports
    t.throws(load ?? (() => {}), { any: true })
    const said = Object.values(functions).map((each) => t.throws(each ?? (() => {}), { any: true }))
    t.deepEqual(Object.keys(functions).toSorted(), exported.toSorted())
    return new Set(said.map(String))
  }
  t.deepEqual(said({ platform: 'linux', arch: 'x64', ...GLIBC }), new Set(['TypeError: not found']))
  const unsupported: ReadonlyArray<readonly [System, string]> = [
    [{ platform: 'aix', arch: 'ppc64' }, 'aix-ppc64'],
    [{ platform: 'linux', arch: 'arm', ...MUSL }, 'linux-arm-musl'],
    [{ platform: 'linux', arch: 'riscv64', ...GLIBC }, 'linux-riscv64-glibc'],
  ]
  for (const [system, name] of unsupported) {
    t.deepEqual(said(system), new Set([`TypeError: Unsupported platform: ${name}`]))
  }
})

test('it exports what index.d.ts declares, in a form that module scanners understand', (t) => {
  const declared = [
    ...readFileSync(join(ROOT, 'index.d.ts'), 'utf8').matchAll(/^export declare function (\w+)/gm),
  ]
  t.deepEqual(
    exported,
    declared.map(([, name]) => name),
  )
  t.true(exported.includes('setKeepAlive'))
})

const LINUX = { platform: 'linux', arch: 'x64', ...GLIBC }
const X64 = '@tcp-keepalive/binding-linux-x64-gnu'

for (const [what, place] of [
  ['a bundle that knows its file', { file: '/app/bundle.cjs', foundFrom: '/app/bundle.cjs' }],
  ['a bundle of ES modules: from the program that was started', { foundFrom: '/app/main.js' }],
  [
    'a file name that is relative',
    { file: 'node_modules/tcp-keepalive/index.js', foundFrom: '/app/main.js' },
  ],
  ['a text that is run with --eval', { file: '[eval]', argv: ['/usr/bin/node'], foundFrom: '/cwd/eval' }],
  ['a single executable', { file: '/snapshot/app', foundFrom: '/usr/bin/node' }],
] as const) {
  test(`the package is found from ${what}`, (t) => {
    const binding = { setKeepAlive: () => 0 }
    t.is(loadOn(LINUX, binding, place).exports, binding as never)
  })
}

test('a binary is found where a tool has put it without its package', (t) => {
  const file = '/app/node_modules/@tcp-keepalive/binding-linux-x64-gnu/tcp-keepalive.linux-x64-gnu.node'
  const place = { ...PLACE, foundFrom: 'nowhere', files: [file] }
  t.is(normalize(loadOn(LINUX, {}, place).asked), file)
})

test('a binary that is installed after the import is looked for until it exists, and not again', (t) => {
  const file = '/app/node_modules/@tcp-keepalive/binding-linux-x64-gnu/tcp-keepalive.linux-x64-gnu.node'
  const files: string[] = []
  const place = { ...PLACE, foundFrom: 'nowhere', files }
  const { setKeepAlive = () => undefined } = loadOn(LINUX, { setKeepAlive: () => 7 }, place).exports
  t.throws(setKeepAlive, { any: true })
  files.push(file)
  t.is(setKeepAlive(), 7)
  files.pop()
  t.is(setKeepAlive(), 7)
})

test('each platform has its own file next to the package', (t) => {
  for (const { name } of TARGETS) {
    const path = `/../@tcp-keepalive/binding-${name}/${BINARY_NAME}.${name}.node`
    const [, written] = new RegExp(`case '${name}':\\s+return[\\s(]+__dirname \\+ '(.*)'`).exec(loader) ?? []
    t.is(written, path)
  }
})

test('a clone loads the binary that it has built', (t) => {
  const built = '/clone/tcp-keepalive.linux-x64-gnu.node'
  t.is(loadOn(LINUX, {}, { file: '/clone/index.js', files: [built] }).asked, built)
})

test('bundlers see no platform package', (t) => {
  t.deepEqual(
    [...loader.matchAll(/\brequire\(([^)]*)\)/g)].map(([, name]) => name),
    ["'node:fs'", "'node:module'", "'node:path'", "'./dist/core.cjs'", "'./dist/implementation.cjs'"],
  )
  t.is(loadOn(LINUX, {}).asked, X64)
})
