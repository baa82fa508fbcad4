/** Which package the published loader asks for, on systems that this one is not; on real ones `test:runtimes` tries. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import test from 'ava'
import { ROOT } from '../lab/command.ts'
import { publishedLoader } from '../scripts/build/published-loader.ts'
import { TARGETS } from '../scripts/build/targets.ts'

const generated = readFileSync(join(ROOT, 'index.js'), 'utf8')
const loader = publishedLoader(generated)

interface System {
  readonly platform: string
  readonly arch: string
  /** What /usr/bin/ldd says of itself; none where there is no such file. */
  readonly ldd?: string
  readonly report?: object
}

/** What the loader asks of the package. */
const implementation = {
  noBinary: (error: Error) => new TypeError(error.message),
  truncatedBinary: (): Error | undefined => undefined,
}

interface Loaded {
  /** The package that was asked for. */
  readonly asked: string
  readonly exports: Readonly<Record<string, (() => unknown) | undefined>>
}

/** @param binding what the package is found to be; none where it is missing */
function loadOn({ platform, arch, ldd, report }: System, binding?: object): Loaded {
  let asked = 'nothing'
  const module = { exports: {} }
  const readFileSync = (): string => {
    if (ldd === undefined) throw new Error('ENOENT')
    return ldd
  }
  const require = (name: string): object => {
    if (name === 'node:fs') return { readFileSync }
    if (name === './dist/implementation.cjs') return implementation
    asked = name
    if (binding === undefined) throw new Error('not found')
    return binding
  }
  const process = { platform, arch, report: { getReport: () => report } }
  vm.runInNewContext(loader, { module, process, require })
  return { asked, exports: module.exports }
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

test('without /usr/bin/ldd the report tells the C library', (t) => {
  const linux = { platform: 'linux', arch: 'x64' }
  const glibc = { header: { glibcVersionRuntime: '2.36' }, sharedObjects: ['/lib/libc.so.6'] }
  const musl = { header: {}, sharedObjects: ['/lib/ld-musl-x86_64.so.1'] }
  t.is(askedFor({ ...linux, report: glibc }), '@tcp-keepalive/binding-linux-x64-gnu')
  t.is(askedFor({ ...linux, report: musl }), '@tcp-keepalive/binding-linux-x64-musl')
  t.is(askedFor(linux), '@tcp-keepalive/binding-linux-x64-gnu')
})

test('what it exports is the binding itself, so that a call goes no way around', (t) => {
  const binding = { setKeepAlive: () => 0 }
  t.is(loadOn({ platform: 'linux', arch: 'x64', ...GLIBC }, binding).exports, binding as never)
})

test('where there is no binary the import works, and every function says what is the matter', (t) => {
  const said = (system: System): Set<string> => {
    const { load, __napiBindingTarget, ...functions } = loadOn(system).exports
    t.throws(load ?? (() => {}), { any: true })
    const said = Object.values(functions).map((each) => t.throws(each ?? (() => {}), { any: true }))
    t.deepEqual(Object.keys(functions).toSorted(), exported(loader).slice(1).toSorted())
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

test('it exports what the one of the clone exports, in words that a reader of modules understands', (t) => {
  t.deepEqual(exported(loader), exported(generated))
  t.true(exported(loader).includes('setKeepAlive'))
  t.throws(() => publishedLoader(''), { message: /exports nothing/ })
})

function exported(text: string): readonly string[] {
  return [...text.matchAll(/^module\.exports\.(\w+) = /gm)].map(([, name]) => name ?? '')
}
