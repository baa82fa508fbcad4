/** A library in C that is loaded before all others, compiled for the test. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { findTool } from '../network/tools.ts'

const gcc = findTool('gcc')

/** Why none can be compiled here, in one sentence, or undefined where one can. */
export function preloadUnavailable(): string | undefined {
  return gcc ? undefined : 'A preload library needs gcc (Debian package gcc).'
}

/** What is to be set in the environment of a program for it to have these values, in seconds and a count. */
export async function compilePreload(
  t: ExecutionContext,
  { time, interval, retries }: { time: number; interval: number; retries: number },
): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'preload-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const library = join(folder, 'preload.so')
  const source = fileURLToPath(new URL('preload.c', import.meta.url))
  execFileSync(gcc ?? 'gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'])
  return {
    LD_PRELOAD: library,
    PRELOAD_KEEPALIVE: '1',
    PRELOAD_KEEPIDLE: String(time),
    PRELOAD_KEEPINTVL: String(interval),
    PRELOAD_KEEPCNT: String(retries),
  }
}
