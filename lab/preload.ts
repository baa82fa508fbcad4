/** Libraries in C that are loaded before all others (LD_PRELOAD), compiled for a test. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findTool } from './network/tools.ts'

const gcc = findTool('gcc')

/** Why none can be compiled here, in one sentence, or undefined where one can. */
export function preloadUnavailable(): string | undefined {
  return gcc ? undefined : 'A preload library needs gcc (Debian package gcc).'
}

/** The library, which is there until the test `t` ends. */
export function preloadLibrary(t: { teardown(remove: () => void): void }, source: URL): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-preload-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const library = join(folder, 'preload.so')
  const words = ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(source), '-ldl']
  execFileSync(gcc ?? 'gcc', words)
  return library
}
