/** Which package the published loader asks for, on systems that this one is not; on real ones `test:runtimes` tries. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import test from 'ava'
import { ROOT } from '../scripts/build/command.ts'
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

/** The package that is asked for. */
function askedFor({ platform, arch, ldd, report }: System): string {
  let asked = 'nothing'
  const readFileSync = (): string => {
    if (ldd === undefined) throw new Error('ENOENT')
    return ldd
  }
  const require = (name: string): object => {
    if (name === 'node:fs') return { readFileSync }
    asked = name
    return {}
  }
  const process = { platform, arch, report: { getReport: () => report } }
  vm.runInNewContext(loader, { module: { exports: {} }, process, require })
  return asked
}

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

test('where there is no package an error names the system', (t) => {
  const message = (system: System): string => String(t.throws(() => askedFor(system), { any: true }))
  t.is(message({ platform: 'aix', arch: 'ppc64' }), 'Error: Unsupported platform: aix-ppc64')
  t.is(message({ platform: 'linux', arch: 'arm', ...MUSL }), 'Error: Unsupported platform: linux-arm-musl')
  t.is(
    message({ platform: 'linux', arch: 'riscv64', ...GLIBC }),
    'Error: Unsupported platform: linux-riscv64-glibc',
  )
})

test('it exports what the one of the clone exports, in words that a reader of modules understands', (t) => {
  const names = (text: string): readonly (string | undefined)[] =>
    [...text.matchAll(/^module\.exports\.(\w+) = /gm)].map(([, name]) => name)
  t.deepEqual(names(loader), names(generated))
  t.true(names(loader).includes('setKeepAlive'))
  t.throws(() => publishedLoader(''), { message: /exports nothing/ })
})
