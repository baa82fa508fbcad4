/** The one error for every way in which the native binary can fail to load: what is wrong, and what to do. */
import type * as modules from 'node:module'
import type * as paths from 'node:path'
import { isError } from '../settings/errors.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { type BinaryFile, readBinaryFile } from './binary-file.ts'

/** Every platform that has a binary: the part of a package's name after {@link PREFIX}. */
export const PLATFORMS: readonly string[] = [
  'darwin-arm64',
  'darwin-x64',
  'freebsd-x64',
  'linux-arm-gnueabihf',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]

const PREFIX = '@tcp-keepalive/binding-'

const { platform, arch } = process

/**
 * An error where a binary of this platform is installed whose end is missing. The system's loader does not look: it
 * would end the process with SIGBUS.
 */
export function truncatedBinary(): TcpKeepAliveError | undefined {
  for (const { name, path } of installed(PLATFORMS.filter(isForHere))) {
    const file = readBinaryFile(path)
    if (file?.truncated !== true) continue
    return failure({
      fitting: name,
      state: 'is broken',
      reason: 'its end is missing',
      advice: broken(path, file),
    })
  }
  return undefined
}

/** @param cause what the loader threw, with all that it tried as causes of each other */
export function noBinary(cause: unknown): TcpKeepAliveError {
  if (cause instanceof TcpKeepAliveError) return cause
  const reasons = messages(cause)
  const fitting = fittingPackage(reasons)
  const forbidden = reasons.find((reason) => FORBIDDEN.test(reason))
  if (forbidden !== undefined) {
    return failure({
      fitting,
      state: 'is forbidden',
      reason: forbidden,
      advice: waysToAllow(forbidden),
      cause,
    })
  }
  if (fitting === undefined) return failure({ fitting, state: 'does not exist', advice: UNSUPPORTED, cause })
  const { path } = installed(PLATFORMS).find(({ name }) => name === fitting) ?? {}
  const refused = reasons.find((reason) => !NOT_FOUND.test(reason))
  if (path !== undefined || refused !== undefined) {
    const advice = path === undefined ? REINSTALL : broken(path, readBinaryFile(path))
    return failure({ fitting, state: 'is broken', reason: refused ?? reasons[0], advice, cause })
  }
  const reason = reasons.find((each) => each.includes(fitting)) ?? reasons[0]
  return failure({ fitting, state: 'is missing', reason, advice: missing(fitting), cause })
}

interface Failure {
  readonly fitting: string | undefined
  readonly state: string
  readonly reason?: string | undefined
  readonly advice: readonly string[]
  readonly cause?: unknown
}

function failure({ fitting, state, reason, advice, cause }: Failure): TcpKeepAliveError {
  const lines = [
    `The native binary of tcp-keepalive ${state}.`,
    `  Running: ${runtime()} on ${system(fitting)}`,
    `  Package: ${fitting ?? 'none fits'}`,
    ...(reason === undefined ? [] : [`  Cause: ${reason}`]),
    ...advice.map((line) => `  - ${line}`),
  ]
  const options = cause === undefined ? {} : { cause }
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_NO_BINARY', lines.join('\n'), options)
}

function missing(fitting: string): readonly string[] {
  const others = installed(PLATFORMS).map(({ name }) => name)
  const libc = libcOf(fitting)
  const install = `npm install --os=${platform} --cpu=${arch}${libc === undefined ? '' : ` --libc=${libc}`}`
  if (others.length > 0) {
    return [
      `Installed are ${others.join(', ')}: node_modules comes from another system.`,
      `Install on this one, or for this one on the other: ${install}`,
    ]
  }
  return [
    'Install with optional dependencies: without --omit=optional or --no-optional, also in .npmrc.',
    'A lockfile written on another system may lack the package: delete node_modules and the lockfile, and install.',
    `Where node_modules is copied from another system, install for this one there: ${install}`,
    'Where the program is bundled, keep tcp-keepalive external and install it beside the bundle.',
  ]
}

const REINSTALL: readonly string[] = [
  "Delete node_modules and install again; if that brings the same file, clear the package manager's cache.",
]

function broken(path: string, file: BinaryFile | undefined): readonly string[] {
  return [`The file is ${file?.description ?? 'not readable'}: ${path}`, ...REINSTALL]
}

const UNSUPPORTED: readonly string[] = [`There are binaries for ${PLATFORMS.join(', ')}.`]

/** Node's ERR_DLOPEN_DISABLED and ERR_ACCESS_DENIED, Deno's NotCapable. The loader keeps messages and drops codes. */
const FORBIDDEN = /loading addons is disabled|has been restricted|Requires \w+ access/

/** What the loader says where it has found nothing to load. */
const NOT_FOUND = /^(Cannot find|Unsupported)/

function waysToAllow(reason: string): readonly string[] {
  if (versions.deno !== undefined) return ['Run it with --allow-ffi and --allow-read.']
  if (reason.includes('restricted'))
    return ['Node runs with --permission: allow --allow-fs-read of node_modules.']
  if ((process as { permission?: unknown }).permission !== undefined) {
    return ['Node runs with --permission: add --allow-addons.']
  }
  return ["Node runs with --no-addons: take it from the command line, NODE_OPTIONS or the Worker's options."]
}

/** The first line of the error's message and of all its causes. */
function messages(error: unknown): readonly string[] {
  const found: string[] = []
  for (let cause = error; isError(cause); cause = cause.cause) {
    found.push(cause.message.split('\n', 1)[0] ?? '')
  }
  return found
}

interface Installed {
  readonly name: string
  readonly path: string
}

/** Only here, as it takes Node a millisecond to load. */
function nodeModule(): typeof modules {
  return require('node:module') as typeof modules
}

/** The platform packages that there are, of these platforms. */
function installed(platforms: readonly string[]): readonly Installed[] {
  const { dirname, join } = require('node:path') as typeof paths
  // In a bundle of ES modules there is no file name; then as seen from where the program runs.
  const here = typeof __filename === 'string' ? __filename : join(process.cwd(), 'bundle.js')
  const { resolve } = nodeModule().createRequire(here)
  return platforms.flatMap((target) => {
    try {
      const name = `${PREFIX}${target}`
      const manifest = resolve(`${name}/package.json`)
      return [{ name, path: join(dirname(manifest), `tcp-keepalive.${target}.node`) }]
    } catch {
      return []
    }
  })
}

/** On Linux the loader has found out which C library this is, and its name is in that of the package it tried. */
function fittingPackage(reasons: readonly string[]): string | undefined {
  const musl = glibc() === undefined && reasons.some((reason) => reason.includes('-musl'))
  const target = PLATFORMS.filter(isForHere).find((each) => each.endsWith('-musl') === musl)
  return target === undefined ? undefined : PREFIX + target
}

/** Whatever the C library. */
function isForHere(target: string): boolean {
  return `${target}-`.startsWith(`${platform}-${arch}-`)
}

function glibc(): string | undefined {
  try {
    const report = process.report as typeof process.report & { excludeNetwork?: boolean }
    const { excludeNetwork } = report
    report.excludeNetwork = true // else it asks for the names of all peers
    const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } }
    if (excludeNetwork !== undefined) report.excludeNetwork = excludeNetwork
    return header.glibcVersionRuntime
  } catch {
    return undefined // Deno without --allow-sys
  }
}

function libcOf(fitting: string | undefined): 'glibc' | 'musl' | undefined {
  if (platform !== 'linux' || fitting === undefined) return undefined
  return fitting.endsWith('-musl') ? 'musl' : 'glibc'
}

function system(fitting: string | undefined): string {
  const libc = libcOf(fitting)
  return [platform, arch, libc, libc === 'glibc' ? glibc() : undefined].filter(Boolean).join(' ')
}

const versions = process.versions as { readonly node: string; readonly bun?: string; readonly deno?: string }

function runtime(): string {
  if (versions.bun !== undefined) return `Bun ${versions.bun}`
  return versions.deno === undefined ? `Node.js ${versions.node}` : `Deno ${versions.deno}`
}
