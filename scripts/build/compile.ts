/** Compiles the binding for one target. */
import { join } from 'node:path'
import { run } from '../../lab/run.ts'
import { OLDEST_GLIBC, type Target } from './targets.ts'
import type { Toolchain } from './toolchain.ts'

export interface CompileOptions {
  /** The workspace to compile. */
  readonly folder: string
  /** Where cargo keeps what it compiled. */
  readonly targetFolder: string
  /** Whether to compile crates/misbehave, for tests, instead of crates/node. */
  readonly misbehaving: boolean
  /** Told what is being compiled. */
  readonly onProgress: (what: string) => void
}

/** The path of the library that came out. */
export async function compile(
  target: Target,
  toolchain: Toolchain,
  { folder, targetFolder, misbehaving, onProgress }: CompileOptions,
): Promise<string> {
  const unstable = toolchain.buildsLibrary ? (target.unstableRustFlags ?? []) : []
  const rustFlags = [...target.rustFlags, ...unstable, ...toolchain.remappedPaths]
  const standardLibrary = toolchain.buildsLibrary
    ? // panic-unwind is what lets `catch_unwind` turn a panic into a JavaScript error
      ['-Zbuild-std=std,panic_unwind', '-Zbuild-std-features=optimize_for_size,panic-unwind']
    : []
  const environment = {
    ...toolchain.environment,
    CARGO_ENCODED_RUSTFLAGS: rustFlags.join('\u001F'),
    CARGO_TARGET_DIR: targetFolder,
  }
  // What was compiled from another clone into the same folder would pass for this one's, where its files are newer.
  const crate = misbehaving ? 'tcp-keepalive-misbehave' : 'tcp-keepalive-node'
  const ours = ['--package=tcp-keepalive', `--package=${crate}`]
  const clean = ['clean', '--release', `--target=${target.triple}`, ...ours]
  await run('cargo', clean, { cwd: folder, environment })
  await run(
    'cargo',
    [...subcommand(target), '--release', '--locked', `--package=${crate}`, ...standardLibrary],
    {
      cwd: folder,
      environment,
      onLine: (line) => {
        const compiling = /^\s*Compiling (\S+)/.exec(line)?.[1]
        if (compiling !== undefined) onProgress(compiling)
      },
    },
  )
  const library = misbehaving ? target.library.replace('_node.', '_misbehave.') : target.library
  return join(targetFolder, target.triple, 'release', library)
}

function subcommand(target: Target): readonly string[] {
  const { triple, file } = target
  if (file.format !== 'ELF') return ['build', `--target=${triple}`] // toolchain.ts names the linker
  const glibc = file.newestSymbol?.prefix === 'GLIBC_'
  return ['zigbuild', `--target=${glibc ? `${triple}.${OLDEST_GLIBC}` : triple}`]
}
