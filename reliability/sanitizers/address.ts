/**
 * AddressSanitizer, and LeakSanitizer which comes with it, over the core's tests and over the binding within Node.
 *
 * rustc plants the checks, which it calls unstable, so it needs RUSTC_BOOTSTRAP. A test program is linked with the
 * runtime that rustc brings. Node is not made for one: there gcc's is loaded before all else, which has the same
 * functions (`-Zexternal-clangrt` leaves rustc's out).
 */
import { join } from 'node:path'
import type { Build } from '../../lab/library.ts'
import { nodeOf, versions } from '../../lab/nodes.ts'
import { run } from '../../lab/run.ts'
import { disturbed, figuresOf } from '../reach/main.ts'
import { count, type Figure } from '../record.ts'
import { callsIn, compileBindings, everyFunction, misbehave, rustTests } from './binding.ts'
import { mustBeClean, mustFind, type Watched } from './tool.ts'

const OVERFLOW = /AddressSanitizer: heap-buffer-overflow[^]*misbehave/
const LEAK = /LeakSanitizer: detected memory leaks[^]*leak_on_purpose/

const ROUNDS = 100
const THREADS = 10

export async function rust(): Promise<readonly Figure[]> {
  const build = await buildFor('rust', [])
  const tests = rustTests(build)
  const printed = await mustBeClean({ ...tests, environment: { ...tests.environment, ...OPTIONS } })
  const passed = /^test result: ok\. (\d+) passed/m.exec(printed)?.[1] ?? '0'
  if (passed === '0') throw new Error(`No test of the core was run:\n${printed}`)
  for (const [finding, name] of [
    [OVERFLOW, 'an_overflow_on_purpose'],
    [LEAK, 'a_leak_on_purpose'],
  ] as const) {
    const planted = rustTests(build, name)
    await mustFind(finding, { ...planted, environment: { ...planted.environment, ...OPTIONS } })
  }
  return [
    ["the core's tests under AddressSanitizer and LeakSanitizer", `${passed} passed, 0 errors`],
    ['an overflow and a leak planted in a crate that is built like it', '2 of 2 found'],
  ]
}

export async function node(): Promise<readonly Figure[]> {
  const { plain, misbehaving } = await compileBindings(await buildFor('node', ['-Zexternal-clangrt']))
  const runtime = await addressRuntime()
  const figures: Figure[] = []
  for (const version of [process.versions.node, ...versions]) {
    const program = version === process.versions.node ? process.execPath : await nodeOf(version)
    const watched = (parameters: readonly string[]): Watched => ({
      program,
      parameters,
      environment: { ...OPTIONS, LD_PRELOAD: runtime },
    })
    const calls = callsIn(await mustBeClean(watched(everyFunction(plain, ROUNDS, THREADS))))
    await mustFind(OVERFLOW, watched(misbehave(misbehaving, 'overflow')))
    await mustFind(LEAK, watched(misbehave(misbehaving, 'leak')))
    const figure = `${calls} calls in ${THREADS + 1} threads, 0 errors; 2 of 2 planted errors found`
    figures.push([`every function of the binding under both, Node ${version}`, figure])
  }
  return figures
}

/** The look over all descriptors, beside threads that open, lock, close and reopen files and sockets. */
export async function reach(seconds: number): Promise<readonly Figure[]> {
  const { misbehaving } = await compileBindings(await buildFor('node', ['-Zexternal-clangrt']))
  const environment = { ...OPTIONS, LD_PRELOAD: await addressRuntime(), NODE_OPTIONS: '' }
  const looked = await disturbed(seconds, misbehaving, environment)
  figuresOf(seconds, looked) // throws if anything was harmed
  await mustFind(OVERFLOW, {
    program: process.execPath,
    parameters: misbehave(misbehaving, 'overflow'),
    environment,
  })
  const { looks, adopted, files, sockets, lingering } = looked
  return [
    [
      `reach under both for ${count(seconds)} s, beside threads that open, lock, close and reopen files and sockets`,
      `${count(looks)} looks, ${count(adopted)} connections that got the values, ${count(files)} files, ` +
        `${count(sockets)} sockets, ${count(lingering)} closes that lingered; 0 errors, nothing harmed`,
    ],
  ]
}

const OPTIONS = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
  LSAN_OPTIONS: `suppressions=${join(import.meta.dirname, 'leaks-of-node.lsan')}:print_suppressions=0`,
}

async function buildFor(name: string, flags: readonly string[]): Promise<Build> {
  const host = /^host: (\S+)$/m.exec(await run('rustc', ['--version', '--verbose']))?.[1] ?? ''
  return {
    folder: `sanitizers/${name}`,
    // With a target named, what runs while compiling is compiled without the checks.
    parameters: [`--target=${host}`],
    path: join(host, 'debug'),
    environment: {
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: ['-Zsanitizer=address', '-Cforce-frame-pointers=yes', ...flags].join(' '),
    },
  }
}

async function addressRuntime(): Promise<string> {
  const path = (await run('gcc', ['-print-file-name=libasan.so'])).trim()
  if (!path.includes('/')) throw new Error('gcc has no AddressSanitizer (Debian: apt-get install gcc)')
  return path
}
