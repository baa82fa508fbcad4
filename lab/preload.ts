/** Compiles libraries in C for LD_PRELOAD, which a program loads before all others. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findTool } from './network/tools.ts'

const gcc = findTool('gcc')

/** Why this machine cannot compile one, in one sentence; undefined if it can. */
export function preloadUnavailable(): string | undefined {
  return gcc ? undefined : 'A preload library needs gcc (Debian package gcc).'
}

/** Compiles the library. It exists until the test `t` ends. */
export function preloadLibrary(t: { teardown(remove: () => void): void }, source: URL): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-preload-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const library = join(folder, 'preload.so')
  const words = ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(source), '-ldl']
  execFileSync(gcc ?? 'gcc', words)
  return library
}
