/**
 * The part `sanitizers`: AddressSanitizer with LeakSanitizer, and valgrind's memcheck, check the memory of the native part.
 *
 * rustc inserts the sanitizer's checks; the option is unstable, so it needs RUSTC_BOOTSTRAP. A test program is linked with the
 * runtime of rustc. Node has none, so gcc's runtime with the same functions is preloaded (`-Zexternal-clangrt` leaves
 * rustc's out).
 */
import { join } from 'node:path'
import { type Build, environmentOf, MISBEHAVING, releaseWithNames } from '../../lab/library.ts'
import { nodeOf, versions } from '../../lab/nodes.ts'
import { run as runProgram } from '../../lab/run.ts'
import { readOptions, UsageError, wholeNumber } from '../arguments.ts'
import { disturbed, figuresOf } from '../reach/main.ts'
import { count, type Figure } from '../record.ts'
import {
  compileBindings,
  everyFunction,
  misbehave,
  mustBeClean,
  mustFind,
  type Tool,
  untilChecked,
  type Watched,
} from './tool.ts'

interface Lengths {
  readonly seconds: number
  readonly rounds: number
}

const checks: Readonly<Record<string, (lengths: Lengths) => Promise<readonly Figure[]>>> = {
  'address-rust': addressRust,
  'address-node': addressNode,
  'address-reach': addressReach,
  memcheck,
}

export const usage: string = `  --only NAME   one of ${Object.keys(checks).join(', ')} (all)
  --seconds N   how long address-reach runs (20)
  --rounds N    how often address-node calls every function in each thread (100)
memcheck needs valgrind; the others need gcc's AddressSanitizer, and Rust installed by rustup.`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const { only, seconds, rounds } = readOptions(args, 'only', 'seconds', 'rounds')
  if (only !== undefined && !Object.hasOwn(checks, only))
    throw new UsageError(`There is no ${only}:\n${usage}`)
  const lengths = {
    seconds: wholeNumber('seconds', seconds, 20),
    rounds: wholeNumber('rounds', rounds, 100),
  }
  const figures: Figure[] = []
  for (const [each, check] of Object.entries(checks)) {
    if (only === undefined || each === only) figures.push(...(await check(lengths)))
  }
  return figures
}

const OVERFLOW = /AddressSanitizer: heap-buffer-overflow[^]*misbehave/
const LEAK = /LeakSanitizer: detected memory leaks[^]*leak_on_purpose/

const OPTIONS = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
  LSAN_OPTIONS: `suppressions=${join(import.meta.dirname, 'leaks-of-node.lsan')}:print_suppressions=0`,
}

async function addressRust(): Promise<readonly Figure[]> {
  const build = await buildFor('rust', [])
  const test = (crate: string, ...filter: readonly string[]): Watched => {
    const words = ['test', '--quiet', '--locked', `--package=${crate}`, ...build.parameters, ...filter]
    return [['cargo', ...words], { ...environmentOf(build), ...OPTIONS }]
  }
  const printed = await mustBeClean(test('tcp-keepalive'))
  const passed = /^test result: ok\. (\d+) passed/m.exec(printed)?.[1] ?? '0'
  if (passed === '0') throw new Error(`No test of the core was run:\n${printed}`)
  await mustFind(OVERFLOW, test(MISBEHAVING, '--', '--ignored', 'an_overflow_on_purpose'))
  await mustFind(LEAK, test(MISBEHAVING, '--', '--ignored', 'a_leak_on_purpose'))
  return [
    ["the core's tests under AddressSanitizer and LeakSanitizer", `${passed} passed, 0 errors`],
    ['an overflow and a leak planted in a crate that is built like it', '2 of 2 found'],
  ]
}

async function addressNode({ rounds }: Lengths): Promise<readonly Figure[]> {
  const bindings = await compileBindings(await buildFor('node', ['-Zexternal-clangrt']))
  const environment = { ...OPTIONS, LD_PRELOAD: await addressRuntime() }
  const figures: Figure[] = []
  for (const version of [process.versions.node, ...versions]) {
    const node = version === process.versions.node ? process.execPath : await nodeOf(version)
    const tool: Tool = { watch: (words) => [[node, ...words], environment], overflow: OVERFLOW, leak: LEAK }
    const figure = await everyFunction(tool, bindings, rounds, 10)
    figures.push([`every function of the binding under both, Node ${version}`, figure])
  }
  return figures
}

async function addressReach({ seconds }: Lengths): Promise<readonly Figure[]> {
  const { misbehaving } = await compileBindings(await buildFor('node', ['-Zexternal-clangrt']))
  const environment = { ...OPTIONS, LD_PRELOAD: await addressRuntime(), NODE_OPTIONS: '' }
  const looked = await untilChecked(() => disturbed(seconds, misbehaving, environment))
  figuresOf(seconds, looked) // throws if anything was harmed
  await mustFind(OVERFLOW, [[process.execPath, ...misbehave(misbehaving, 'overflow')], environment])
  const { looks, adopted, files, sockets, lingering } = looked
  return [
    [
      `reach under both for ${count(seconds)} s, beside threads that open, lock, close and reopen files and sockets`,
      `${count(looks)} looks, ${count(adopted)} connections that got the values, ${count(files)} files, ` +
        `${count(sockets)} sockets, ${count(lingering)} closes that lingered; 0 errors, nothing harmed`,
    ],
  ]
}

/** The binding is optimized as it is published, but with the names of its functions. */
async function memcheck(): Promise<readonly Figure[]> {
  const parameters = [
    '--smc-check=all-non-file', // V8 writes machine code at run time
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite',
    '--error-exitcode=99',
    `--suppressions=${join(import.meta.dirname, 'leaks-of-node.valgrind')}`,
    process.execPath,
    // No machine code of V8's compilers, and no threads of V8: valgrind would run them one at a time.
    '--jitless',
    '--single-threaded',
  ]
  const tool: Tool = {
    watch: (words) => [['valgrind', ...parameters, ...words]],
    overflow: /Invalid read of size 1[^]*on_purpose/,
    leak: /definitely lost in loss record[^]*on_purpose/,
  }
  const bindings = await compileBindings(releaseWithNames('sanitizers/memcheck'))
  const figure = await everyFunction(tool, bindings, 10, 3)
  return [[`every function of the binding under valgrind, Node ${process.versions.node}`, figure]]
}

async function buildFor(name: string, flags: readonly string[]): Promise<Build> {
  const version = await runProgram('rustc', ['--version', '--verbose'])
  const host = /^host: (\S+)$/m.exec(version)?.[1] ?? ''
  return {
    folder: `sanitizers/${name}`,
    // With a target, build scripts and macros are compiled without the checks.
    parameters: [`--target=${host}`],
    path: join(host, 'debug'),
    environment: {
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: ['-Zsanitizer=address', '-Cforce-frame-pointers=yes', ...flags].join(' '),
    },
  }
}

async function addressRuntime(): Promise<string> {
  const path = (await runProgram('gcc', ['-print-file-name=libasan.so'])).trim()
  if (!path.includes('/')) throw new Error('gcc has no AddressSanitizer (Debian: apt-get install gcc)')
  return path
}
