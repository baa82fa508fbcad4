/** Compiles the binding for one target. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { OLDEST_GLIBC, type Target } from './targets.ts'
import type { Toolchain } from './toolchain.ts'

export interface Compilation {
  /** The workspace to compile. */
  readonly folder: string
  /** Where cargo keeps what it compiled. */
  readonly targetFolder: string
  /** Compiles crates/misbehave, for tests, instead of crates/node. */
  readonly misbehaving?: boolean
}

/** Returns the path of the compiled library. A terminal shows cargo's progress. */
export function compile(target: Target, toolchain: Toolchain, compilation: Compilation): string {
  const { folder, targetFolder, misbehaving = false } = compilation
  const environment = {
    ...toolchain.environment,
    CARGO_ENCODED_RUSTFLAGS: [...target.rustFlags, ...toolchain.remappedPaths].join('\u001F'),
    CARGO_TARGET_DIR: targetFolder,
  }
  const quiet = process.stderr.isTTY ? [] : ['--quiet']
  const cargo = (...words: readonly string[]): void => {
    execFileSync('cargo', [...words, ...quiet], { cwd: folder, env: environment, stdio: 'inherit' })
  }
  const crate = misbehaving ? 'tcp-keepalive-misbehave' : 'tcp-keepalive-node'
  // Clones share the cache. Cargo would reuse a newer library of another clone.
  cargo('clean', '--release', `--target=${target.triple}`, '--package=tcp-keepalive', `--package=${crate}`)
  // panic-unwind lets `catch_unwind` turn a panic into a JavaScript error.
  const library = ['-Zbuild-std=std,panic_unwind', '-Zbuild-std-features=optimize_for_size,panic-unwind']
  cargo(...subcommand(target), '--release', '--locked', `--package=${crate}`, ...library)
  const file = misbehaving ? target.library.replace('_node.', '_misbehave.') : target.library
  return join(targetFolder, target.triple, 'release', file)
}

function subcommand({ triple, file }: Target): readonly string[] {
  if (file.format !== 'ELF') return ['build', `--target=${triple}`] // toolchain.ts names the linker
  return ['zigbuild', `--target=${file.newestGlibc === undefined ? triple : `${triple}.${OLDEST_GLIBC}`}`]
}
