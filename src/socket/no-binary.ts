/** The error for every way in which the native binary can fail to load. It says what is wrong, and what to do. */
import type * as modules from 'node:module'
import type * as paths from 'node:path'
import { isDeno, isNode, runtime } from '../settings/runtime.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { type BinaryFile, readBinaryFile } from './binary-file.ts'
import { nodesOwnCall } from './nodes-own-call.ts'

/** Every platform that has a binary. Each is the part of a package's name after {@link PREFIX}. */
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

/** The error for a file whose end is missing. */
export function brokenBinary(path: string, file: BinaryFile): TcpKeepAliveError {
  return failure({
    fitting: PREFIX + PLATFORMS.find((target) => path.includes(target)),
    state: 'is broken',
    reason: 'its end is missing',
    advice: broken(path, file),
  })
}

/**
 * @param cause the error from searching or loading the binary
 * @param path the path of the file, if one was found
 */
export function noBinary(cause: unknown, path?: string): TcpKeepAliveError {
  if (cause instanceof TcpKeepAliveError) return cause
  // Bun's ResolveMessage is no Error.
  const { code, message = String(cause) } = Object(cause) as Partial<NodeJS.ErrnoException>
  const reason = message.split('\n', 1)[0] ?? ''
  const fitting = fittingPackage(reason)
  const found = { fitting, reason, cause }
  if (FORBIDDEN.test(reason)) {
    return failure({ ...found, state: 'is forbidden', advice: waysToAllow(reason) })
  }
  if (fitting === undefined)
    return failure({ fitting, state: 'does not exist', advice: unsupported(), cause })
  if (path !== undefined) {
    return failure({ ...found, state: 'is broken', advice: broken(path, readBinaryFile(path)) })
  }
  if (code !== undefined && NOT_FOUND.has(code)) {
    return failure({ ...found, state: 'is missing', advice: missing(fitting) })
  }
  return failure({ ...found, state: 'cannot be loaded from here', advice: BUNDLED })
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
  const others = installed()
  const libc = libcOf(fitting)
  const { pnp } = process.versions as { readonly pnp?: string }
  if (pnp !== undefined) {
    return [
      "Yarn's Plug'n'Play does not have this package: run `yarn install` on this system, or name it in .yarnrc.yml under",
      `supportedArchitectures (os: ${platform}, cpu: ${arch}${libc === undefined ? '' : `, libc: ${libc}`}), and install again.`,
    ]
  }
  const install = `npm install --os=${platform} --cpu=${arch}${libc === undefined ? '' : ` --libc=${libc}`}`
  if (others.length > 0) {
    return [
      `Installed are ${others.join(', ')}: node_modules comes from another system.`,
      `Install on this system, or on the other one with: ${install}`,
    ]
  }
  return [
    'Install with optional dependencies: without --omit=optional or --no-optional, also in .npmrc.',
    'A lockfile written on another system may lack the package: delete node_modules and the lockfile, and install.',
    `If node_modules is copied from another system, install there with: ${install}`,
    'If the program is bundled, keep tcp-keepalive external and install it beside the bundle.',
  ]
}

const REINSTALL: readonly string[] = [
  "Delete node_modules and install again; if that brings the same file, clear the package manager's cache.",
]

function broken(path: string, file: BinaryFile | undefined): readonly string[] {
  return [`The file is ${file?.description ?? 'not readable'}: ${path}`, ...REINSTALL]
}

function unsupported(): readonly string[] {
  return [
    `There are binaries for ${PLATFORMS.join(', ')}.`,
    ...nodesOwnCall(isNode() ? process.versions.node : undefined),
  ]
}

/** Node's ERR_DLOPEN_DISABLED and ERR_ACCESS_DENIED, Deno's NotCapable. The loader keeps messages and drops codes. */
const FORBIDDEN = /loading addons is disabled|has been restricted|Requires \w+ access/

/** The codes of Node, Bun and Yarn's Plug'n'Play for a missing package. In a single executable, Node finds only its own modules. */
const NOT_FOUND = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE'])

/** For a bundle of ES modules, which does not have Node's `require`. */
const BUNDLED: readonly string[] = [
  'This code is in a bundle that cannot load packages: keep tcp-keepalive external and install it beside the bundle.',
]

function waysToAllow(reason: string): readonly string[] {
  if (isDeno()) return ['Run it with --allow-ffi and --allow-read.']
  if (reason.includes('restricted'))
    return ['Node runs with --permission: allow --allow-fs-read of node_modules.']
  if ((process as { permission?: unknown }).permission !== undefined) {
    return ['Node runs with --permission: add --allow-addons.']
  }
  return ["Node runs with --no-addons: take it from the command line, NODE_OPTIONS or the Worker's options."]
}

/** The installed platform packages that can be resolved from here, or from the working directory in a bundle without a file name. */
function installed(): readonly string[] {
  const { createRequire } = require('node:module') as typeof modules
  const { isAbsolute, join } = require('node:path') as typeof paths
  const isFile = typeof __filename === 'string' && isAbsolute(__filename)
  const { resolve } = createRequire(isFile ? __filename : join(process.cwd(), 'bundle.js'))
  return PLATFORMS.map((target) => PREFIX + target).filter((name) => {
    try {
      return resolve(`${name}/package.json`)
    } catch {
      return false
    }
  })
}

/** The package for this system. On Linux the loader has found out the C library: it is in the name of the package that it tried. */
function fittingPackage(reason: string): string | undefined {
  const musl = glibc() === undefined && reason.includes('-musl')
  const target = PLATFORMS.filter(isForHere).find((each) => each.endsWith('-musl') === musl)
  return target === undefined ? undefined : PREFIX + target
}

/** Ignores the C library. */
function isForHere(target: string): boolean {
  return `${target}-`.startsWith(`${platform}-${arch}-`)
}

function glibc(): string | undefined {
  try {
    const report = process.report as typeof process.report & { excludeNetwork?: boolean }
    const { excludeNetwork } = report
    report.excludeNetwork = true // otherwise the report looks up the names of all peers
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
