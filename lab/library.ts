/** Compiles a crate of this repository into a library that Node can load. */
import { join } from 'node:path'
import { ROOT } from './command.ts'
import { run } from './run.ts'

/** How a build differs from the usual one. */
export interface Build {
  /** Its folder below `target/`: apart from what is built otherwise, as other flags compile everything anew. */
  readonly folder: string
  readonly parameters: readonly string[]
  /** Where in its folder the library ends up. */
  readonly path: string
  readonly environment: NodeJS.ProcessEnv
}

/** Optimized as it is published, with the names of its functions and the lines that its code comes from. */
export function releaseWithNames(folder: string): Build {
  const environment = { CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only', CARGO_PROFILE_RELEASE_STRIP: 'none' }
  return { folder, parameters: ['--release'], path: 'release', environment }
}

/** The variables that a cargo of this build gets. */
export function environmentOf({ folder, environment }: Build): NodeJS.ProcessEnv {
  return { ...process.env, ...environment, CARGO_TARGET_DIR: join(ROOT, 'target', folder) }
}

const NAMES: Readonly<Record<string, (crate: string) => string>> = {
  darwin: (crate) => `lib${crate}.dylib`,
  win32: (crate) => `${crate}.dll`,
}

/** @returns the path of the library */
export async function compileLibrary(crate: string, build: Build): Promise<string> {
  const words = ['build', '--quiet', '--locked', `--package=${crate}`, ...build.parameters]
  await run('cargo', words, { cwd: ROOT, environment: environmentOf(build) })
  const nameOf = NAMES[process.platform] ?? ((name) => `lib${name}.so`)
  return join(ROOT, 'target', build.folder, build.path, nameOf(crate.replaceAll('-', '_')))
}

/** The binding with functions that panic, misuse memory and disturb, which is never published. */
export const MISBEHAVING = 'tcp-keepalive-misbehave'

/** That, compiled like the binding. */
export function compileMisbehaving(): Promise<string> {
  const build = { folder: 'misbehave', parameters: ['--release'], path: 'release', environment: {} }
  return compileLibrary(MISBEHAVING, build)
}
