/** A system that refuses single options to a program (refuse.c), compiled for the test. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { findTool } from '../../lab/network/tools.ts'

const gcc = findTool('gcc')

/** Why nothing can be refused here, in one sentence, or undefined where it can. */
export function refusingUnavailable(): string | undefined {
  return gcc ? undefined : 'A preload library needs gcc (Debian package gcc).'
}

/** Why there is no Multipath TCP here, in one sentence, or undefined where there is. */
export function multipathUnavailable(): string | undefined {
  try {
    if (readFileSync('/proc/sys/net/mptcp/enabled', 'utf8').trim() === '1') return refusingUnavailable()
  } catch {
    // as below
  }
  return 'The kernel has no Multipath TCP, or net.mptcp.enabled is 0.'
}

/** The numbers of TCP options in linux/tcp.h. */
export const OPTIONS = {
  TCP_KEEPIDLE: 4,
  TCP_KEEPINTVL: 5,
  TCP_KEEPCNT: 6,
  TCP_INFO: 11,
  TCP_USER_TIMEOUT: 18,
} as const

export interface Refused {
  readonly refuse?: ReadonlyArray<keyof typeof OPTIONS>
  readonly refuseReading?: keyof typeof OPTIONS
  readonly multipath?: boolean
}

/** The variables with which a program is refused these options. */
export function refusing(
  t: ExecutionContext,
  { refuse = [], refuseReading, multipath }: Refused,
): Record<string, string> {
  return {
    LD_PRELOAD: preloadLibrary(t, fileURLToPath(new URL('refuse.c', import.meta.url))),
    REFUSE: refuse.map((name) => OPTIONS[name]).join(','),
    ...(refuseReading ? { REFUSE_READING: String(OPTIONS[refuseReading]) } : {}),
    ...(multipath ? { MULTIPATH: '1' } : {}),
  }
}

/** Compiles a library for LD_PRELOAD. */
export function preloadLibrary(t: ExecutionContext, source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-preload-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const library = join(folder, 'preload.so')
  execFileSync(gcc ?? 'gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'])
  return library
}

export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | null
}

/** Runs a program in this folder. */
export function run(args: readonly string[], variables: Readonly<Record<string, string>>): Ended {
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const env = { ...process.env, NODE_OPTIONS: '', ...variables }
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' })
  return { stdout, stderr, status }
}
