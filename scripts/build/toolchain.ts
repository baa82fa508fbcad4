/**
 * The compilers that build for every platform, from ordinary packages:
 *
 * - Rust with the source of its standard library, so that the library can be built for any target, for size and
 *   without the reader of debugging information that a stripped binary has no use for (linux-x64-gnu: 142 KB
 *   against 379 KB with the library as rustup installs it). It is the Rust on PATH where that has its source
 *   (`rustup component add rust-src`), else Debian's `rustc-web`.
 * - zig, as the C compiler and linker of Linux and FreeBSD, through cargo-zigbuild, and of Windows.
 * - LLVM's linker for macOS, which comes with Rust.
 */
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { CACHE } from '../../lab/cache.ts'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { OLDEST_MACOS } from './targets.ts'

export interface Toolchain {
  /** For a person: which Rust this is. */
  readonly description: string
  /** Such as 1.96.0. */
  readonly rust: string
  readonly environment: NodeJS.ProcessEnv
  /** Builds the standard library too, instead of taking the installed one. */
  readonly buildsLibrary: boolean
  /** Arguments for rustc that put neutral names for this machine's folders into the binary. */
  readonly remappedPaths: readonly string[]
}

export interface ToolchainOptions {
  /** Takes the standard library as it is installed. */
  readonly prebuiltLibrary: boolean
  readonly onStep: (step: string) => void
}

const TOOLS = join(CACHE, 'tools')
const BIN = join(TOOLS, 'bin')
const VENV = join(TOOLS, 'python')
const SDK = join(TOOLS, 'macos')
const LIBNODE = join(TOOLS, 'libnode')
/** What cargo asks for the linker of a target, and the system as zig calls it, which is the linker's name too. */
const WINDOWS = {
  CARGO_TARGET_AARCH64_PC_WINDOWS_GNULLVM_LINKER: 'aarch64-windows-gnu',
  CARGO_TARGET_X86_64_PC_WINDOWS_GNULLVM_LINKER: 'x86_64-windows-gnu',
}
const DEBIAN = ['rustc-web', 'libstd-rust-web-dev', 'rust-web-src', 'cargo-web', 'rust-web-llvm']

/** The Python that has the audit's reader of binaries. */
export const PYTHON: string = join(VENV, 'bin/python')

/** Sets the compilers up, as far as they are not set up yet. */
export async function prepareToolchain({ prebuiltLibrary, onStep }: ToolchainOptions): Promise<Toolchain> {
  await preparePython(onStep)
  await prepareLinkers()
  const clean = cleanEnvironment()
  const rust =
    (await rustOnPath(clean, prebuiltLibrary)) ??
    (prebuiltLibrary ? undefined : await rustOfDebian(clean, onStep))
  if (!rust) {
    throw new Error(
      'no Rust whose standard library can be built for other platforms: `rustup component add rust-src`, ' +
        'or on Debian let this script install rustc-web (apt-get, as root or with sudo)',
    )
  }
  const environment = { ...rust.environment, ...linkerEnvironment() }
  if (!prebuiltLibrary) environment['RUSTC_BOOTSTRAP'] = '1' // building the library is an unstable feature of cargo
  await run('cargo', ['fetch', '--locked'], { cwd: ROOT, environment })
  const version = (await run('rustc', ['--version'], { environment })).trim()
  return {
    description: `${version} of ${rust.origin}`,
    rust: /\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? version,
    environment,
    buildsLibrary: !prebuiltLibrary,
    remappedPaths: await remappedPaths(rust.sysroot),
  }
}

/** The virtual environment of requirements.txt, made anew whenever that changes. */
export async function preparePython(onStep: (step: string) => void): Promise<void> {
  const requirements = join(import.meta.dirname, 'requirements.txt')
  const installed = join(VENV, 'requirements.txt')
  const wanted = await readFile(requirements, 'utf8')
  if ((await readFile(installed, 'utf8').catch(() => undefined)) === wanted) return
  onStep('Installing zig, cargo-zigbuild and lief from PyPI')
  await rm(VENV, { recursive: true, force: true })
  await mkdir(TOOLS, { recursive: true })
  try {
    await run('python3', ['-m', 'venv', VENV])
  } catch (cause) {
    throw new Error('Python 3 with its venv module is needed (Debian: apt-get install python3-venv)', {
      cause,
    })
  }
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
  await writeFile(installed, wanted)
}

interface Rust {
  readonly origin: string
  readonly environment: NodeJS.ProcessEnv
  readonly sysroot: string
}

async function rustOnPath(environment: NodeJS.ProcessEnv, prebuilt: boolean): Promise<Rust | undefined> {
  const sysroot = await sysrootOf(environment)
  if (sysroot === undefined || !(prebuilt || hasSource(sysroot))) return undefined
  return { origin: sysroot, environment, sysroot }
}

async function rustOfDebian(
  clean: NodeJS.ProcessEnv,
  onStep: (step: string) => void,
): Promise<Rust | undefined> {
  if (!existsSync('/usr/bin/apt-get')) return undefined
  await install(DEBIAN, onStep)
  // The linker is a package of its own, named as what this link points to: lld-22 for LLVM 22.
  await install([await readlink('/usr/bin/rust-lld')], onStep)
  // In a folder of their own, to come before another Rust without /usr/bin coming before everything.
  for (const tool of ['cargo', 'rustc', 'rustdoc']) await link(`/usr/bin/${tool}`, join(BIN, tool))
  const environment = { ...clean, PATH: [BIN, clean['PATH']].join(delimiter) }
  const sysroot = await sysrootOf(environment)
  return sysroot === undefined ? undefined : { origin: 'Debian', environment, sysroot }
}

async function install(packages: readonly string[], onStep: (step: string) => void): Promise<void> {
  const missing: string[] = []
  for (const name of packages) {
    const status = await run('dpkg-query', ['--show', '--showformat=${Status}', name]).catch(() => '')
    if (!status.includes('install ok installed')) missing.push(name)
  }
  if (missing.length === 0) return
  onStep(`Installing Debian's ${missing.join(', ')}`)
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
  const [program = 'env', ...apt] = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '--quiet=2',
  ]
  await run(program, [...apt, 'update'])
  await run(program, [...apt, 'install', '--yes', '--no-install-recommends', ...missing])
}

async function sysrootOf(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const printed = await run('rustc', ['--print', 'sysroot'], { environment }).catch(() => undefined)
  return printed?.trim()
}

function hasSource(sysroot: string): boolean {
  return existsSync(join(sysroot, 'lib/rustlib/src/rust/library/Cargo.lock'))
}

async function prepareLinkers(): Promise<void> {
  for (const folder of [BIN, LIBNODE, join(SDK, 'usr/lib')]) await mkdir(folder, { recursive: true })
  await copyFile(join(import.meta.dirname, 'ld64.sh'), join(BIN, 'ld64'))
  await chmod(join(BIN, 'ld64'), 0o755)
  for (const system of Object.values(WINDOWS)) {
    await copyFile(join(import.meta.dirname, 'zig-windows.sh'), join(BIN, system))
    await chmod(join(BIN, system), 0o755)
  }
  // napi-build asks for Node's library on Windows, where functions are then looked up at run time all the same.
  await writeFile(join(LIBNODE, 'libnode.dll'), '')
  await run(await zig(), ['ar', 'rc', join(LIBNODE, 'libnode.a')])
  // What libSystem has, from zig. Newer kinds of 64-bit ARM are unknown to the linker, and the plain one has the same.
  const symbols = await readFile(join(await zigLibrary(), 'libc/darwin/libSystem.tbd'), 'utf8')
  const known = symbols.replaceAll(/arm64e\.x1-\w+(, *)?/g, '').replaceAll('arm64e-', 'arm64-')
  await writeFile(join(SDK, 'usr/lib/libSystem.tbd'), known)
}

function linkerEnvironment(): NodeJS.ProcessEnv {
  const wrapper = join(BIN, 'ld64')
  return {
    CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER: wrapper,
    CARGO_TARGET_X86_64_APPLE_DARWIN_LINKER: wrapper,
    ...Object.fromEntries(Object.entries(WINDOWS).map(([variable, system]) => [variable, join(BIN, system)])),
    CARGO_ZIGBUILD_CACHE_DIR: join(TOOLS, 'zigbuild'),
    CARGO_ZIGBUILD_PYTHON_PATH: PYTHON,
    LIBNODE_PATH: LIBNODE,
    MACOSX_DEPLOYMENT_TARGET: OLDEST_MACOS,
    SDKROOT: SDK,
    SOURCE_DATE_EPOCH: '1', // the time of the build that a Windows binary would carry
    ZIG_GLOBAL_CACHE_DIR: join(TOOLS, 'zig'),
  }
}

/** This process's environment without what would change the bytes that come out. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const changing =
    /^(RUSTFLAGS|RUSTDOCFLAGS|RUSTC|RUSTC_.*|CARGO_(BUILD|ENCODED|INCREMENTAL|PROFILE|TARGET).*)$/
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !changing.test(name)))
  return { ...environment, PATH: [environment['PATH'], join(VENV, 'bin')].join(delimiter) }
}

async function remappedPaths(sysroot: string): Promise<readonly string[]> {
  const registry = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'registry/src')
  const indexes = (await readdir(registry)).toSorted()
  return [
    `--remap-path-prefix=${join(sysroot, 'lib/rustlib/src/rust')}=/rustc`,
    ...indexes.map((index) => `--remap-path-prefix=${join(registry, index)}=/cargo`),
  ]
}

async function zig(): Promise<string> {
  return join(dirname(await zigLibrary()), 'zig')
}

/** The folder of what zig brings for each system. */
async function zigLibrary(): Promise<string> {
  const found = await run(PYTHON, ['-c', 'import ziglang; print(ziglang.__path__[0])'])
  return join(found.trim(), 'lib')
}

async function link(target: string, path: string): Promise<void> {
  await rm(path, { force: true })
  await symlink(target, path)
}
