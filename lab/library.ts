/** Compiles a crate of this repository into a library that Node can load. */
import { join } from 'node:path'
import { ROOT } from './command.ts'
import { run } from './run.ts'

/** How a build differs from the usual one. */
export interface Build {
  /** Its folder below `target/`. Each kind of build has its own, because other flags recompile everything. */
  readonly folder: string
  readonly parameters: readonly string[]
  /** The library's place in that folder. */
  readonly path: string
  readonly environment: NodeJS.ProcessEnv
}

/** Optimized like the published binary, but with the names of functions and the source lines. */
export function releaseWithNames(folder: string): Build {
  const environment = { CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only', CARGO_PROFILE_RELEASE_STRIP: 'none' }
  return { folder, parameters: ['--release'], path: 'release', environment }
}

/** The environment of cargo for this build. */
export function environmentOf({ folder, environment }: Build): NodeJS.ProcessEnv {
  return { ...process.env, ...environment, CARGO_TARGET_DIR: join(ROOT, 'target', folder) }
}

const NAMES: Readonly<Record<string, (crate: string) => string>> = {
  darwin: (crate) => `lib${crate}.dylib`,
  win32: (crate) => `${crate}.dll`,
}

export async function compileLibrary(crate: string, build: Build): Promise<string> {
  const words = ['build', '--quiet', '--locked', `--package=${crate}`, ...build.parameters]
  await run('cargo', words, { cwd: ROOT, environment: environmentOf(build) })
  const nameOf = NAMES[process.platform] ?? ((name) => `lib${name}.so`)
  return join(ROOT, 'target', build.folder, build.path, nameOf(crate.replaceAll('-', '_')))
}

/** The binding with functions that panic, misuse memory and cause disturbances. It is never published. */
export const MISBEHAVING = 'tcp-keepalive-misbehave'

/** Compiles it like the binding. */
export function compileMisbehaving(): Promise<string> {
  const build = { folder: 'misbehave', parameters: ['--release'], path: 'release', environment: {} }
  return compileLibrary(MISBEHAVING, build)
}
