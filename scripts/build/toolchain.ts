/**
 * The compilers for every platform, from ordinary packages:
 *
 * - Rust with the source of its standard library. So the library is compiled for each target, for size, and without the
 *   reader of debugging information, which a stripped binary does not need (linux-x64-gnu: 142 KB; with the library that rustup
 *   installs, 379 KB). It is the Rust on PATH if that has its source (`rustup component add rust-src`), else Debian's `rustc-web`.
 * - zig, the C compiler and linker for Linux, FreeBSD (both through cargo-zigbuild) and Windows.
 * - LLVM's linker for macOS, which is part of Rust.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { CACHE } from '../../lab/cache.ts'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { OLDEST_MACOS } from './targets.ts'

export interface Toolchain {
  /** Which Rust this is, for a person. */
  readonly description: string
  /** The version, for example 1.96.0. */
  readonly rust: string
  /** The version of the package `ziglang`. */
  readonly zig: string
  readonly environment: NodeJS.ProcessEnv
  /** Arguments for rustc that replace this machine's folders by neutral names in the binary. */
  readonly remappedPaths: readonly string[]
}

const TOOLS = join(CACHE, 'tools')
const BIN = join(TOOLS, 'bin')
const VENV = join(TOOLS, 'python')
const SDK = join(TOOLS, 'macos')
const LIBNODE = join(TOOLS, 'libnode')
/** For each target: the name of link.sh as its linker. For Windows this is zig's name of the system. */
const LINKERS = {
  AARCH64_APPLE_DARWIN: 'ld64',
  X86_64_APPLE_DARWIN: 'ld64',
  AARCH64_PC_WINDOWS_GNULLVM: 'aarch64-windows-gnu',
  X86_64_PC_WINDOWS_GNULLVM: 'x86_64-windows-gnu',
}
const DEBIAN = ['rustc-web', 'libstd-rust-web-dev', 'rust-web-src', 'cargo-web', 'rust-web-llvm']

/** The Python in which lief, the audit's reader of binaries, is installed. */
export const PYTHON: string = join(VENV, 'bin/python')

/** Installs what is missing. */
export async function prepareToolchain(): Promise<Toolchain> {
  preparePython()
  const zig = await prepareLinkers()
  const clean = cleanEnvironment()
  const rust = (await rustIn(clean)) ?? (await rustOfDebian(clean))
  if (!rust) {
    throw new Error(
      'There is no Rust with the source of its standard library: run `rustup component add rust-src`, ' +
        'or on Debian let this script install rustc-web (apt-get, as root or with sudo)',
    )
  }
  // Compiling the standard library is an unstable feature of cargo.
  const environment = { ...rust.environment, ...linkerEnvironment(), RUSTC_BOOTSTRAP: '1' }
  await run('cargo', ['fetch', '--locked'], { cwd: ROOT, environment })
  const version = (await run('rustc', ['--version'], { environment })).trim()
  return {
    description: `${version} of ${rust.environment === clean ? rust.sysroot : 'Debian'}`,
    rust: /\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? version,
    zig,
    environment,
    remappedPaths: await remappedPaths(rust.sysroot),
  }
}

/** Installs the packages of requirements.txt. */
export function preparePython(): void {
  const words = [join(ROOT, 'scripts/python.mjs'), VENV, join(import.meta.dirname, 'requirements.txt')]
  execFileSync(process.execPath, words, { stdio: 'inherit' })
}

interface Rust {
  readonly environment: NodeJS.ProcessEnv
  readonly sysroot: string
}

/** The Rust on the PATH of this environment, if it has the source of its standard library. */
async function rustIn(environment: NodeJS.ProcessEnv): Promise<Rust | undefined> {
  const printed = await run('rustc', ['--print', 'sysroot'], { environment }).catch(() => '')
  const sysroot = printed.trim()
  const hasSource = existsSync(join(sysroot, 'lib/rustlib/src/rust/library/Cargo.lock'))
  return hasSource ? { environment, sysroot } : undefined
}

async function rustOfDebian(clean: NodeJS.ProcessEnv): Promise<Rust | undefined> {
  if (!existsSync('/usr/bin/apt-get')) return undefined
  await install(DEBIAN)
  // The linker is in a package named like the target of this link: lld-22 for LLVM 22.
  await install([await readlink('/usr/bin/rust-lld')])
  // These links come before another Rust on PATH. /usr/bin itself would come before everything.
  for (const tool of ['cargo', 'rustc', 'rustdoc']) {
    await rm(join(BIN, tool), { force: true })
    await symlink(`/usr/bin/${tool}`, join(BIN, tool))
  }
  return rustIn({ ...clean, PATH: [BIN, clean['PATH']].join(delimiter) })
}

async function install(packages: readonly string[]): Promise<void> {
  const missing: string[] = []
  for (const name of packages) {
    const status = await run('dpkg-query', ['--show', '--showformat=${Status}', name]).catch(() => '')
    if (!status.includes('install ok installed')) missing.push(name)
  }
  if (missing.length === 0) return
  console.log(`Installing Debian's ${missing.join(', ')}`)
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '--quiet=2']
  const installing = ['install', '--yes', '--no-install-recommends', ...missing]
  for (const words of [['update'], installing]) await run('env', [...apt, ...words])
}

/** Returns zig's version. */
async function prepareLinkers(): Promise<string> {
  for (const folder of [BIN, LIBNODE, join(SDK, 'usr/lib')]) await mkdir(folder, { recursive: true })
  for (const name of Object.values(LINKERS)) {
    await copyFile(join(import.meta.dirname, 'link.sh'), join(BIN, name))
    await chmod(join(BIN, name), 0o755)
  }
  const find =
    'import ziglang, importlib.metadata as m; print(ziglang.__path__[0], m.version("ziglang"), sep="\\n")'
  const [zig = '', version = ''] = (await run(PYTHON, ['-c', find])).split('\n')
  // On Windows, napi-build links Node's library. Node's functions are looked up at run time all the same.
  await writeFile(join(LIBNODE, 'libnode.dll'), '')
  await run(join(zig, 'zig'), ['ar', 'rc', join(LIBNODE, 'libnode.a')])
  // zig's list of what libSystem has. The linker does not know the newer kinds of 64-bit ARM; the plain one has the same symbols.
  const symbols = await readFile(join(zig, 'lib/libc/darwin/libSystem.tbd'), 'utf8')
  const known = symbols.replaceAll(/arm64e\.x1-\w+(, *)?/g, '').replaceAll('arm64e-', 'arm64-')
  await writeFile(join(SDK, 'usr/lib/libSystem.tbd'), known)
  return version
}

function linkerEnvironment(): NodeJS.ProcessEnv {
  const linkers = Object.entries(LINKERS).map(([target, name]) => [
    `CARGO_TARGET_${target}_LINKER`,
    join(BIN, name),
  ])
  return {
    ...Object.fromEntries(linkers),
    CARGO_ZIGBUILD_CACHE_DIR: join(TOOLS, 'zigbuild'),
    CARGO_ZIGBUILD_PYTHON_PATH: PYTHON,
    LIBNODE_PATH: LIBNODE,
    MACOSX_DEPLOYMENT_TARGET: OLDEST_MACOS,
    SDKROOT: SDK,
    SOURCE_DATE_EPOCH: '1', // otherwise a Windows binary contains the time of the build
    ZIG_GLOBAL_CACHE_DIR: join(TOOLS, 'zig'),
  }
}

/** This process's environment without the variables that would change the compiled bytes. */
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
