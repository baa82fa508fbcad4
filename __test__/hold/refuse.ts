/** Compiles refuse.c, which refuses single options to a program. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { preloadLibrary, preloadUnavailable } from '../../lab/preload.ts'

/** Why Multipath TCP is not available here, in one sentence; undefined if it is. */
export function multipathUnavailable(): string | undefined {
  try {
    if (readFileSync('/proc/sys/net/mptcp/enabled', 'utf8').trim() === '1') return preloadUnavailable()
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

/** The variables that make refuse.c refuse these options. */
export function refusing(
  t: ExecutionContext,
  { refuse = [], refuseReading, multipath }: Refused,
): Record<string, string> {
  return {
    LD_PRELOAD: preloadLibrary(t, new URL('refuse.c', import.meta.url)),
    REFUSE: refuse.map((name) => OPTIONS[name]).join(','),
    ...(refuseReading ? { REFUSE_READING: String(OPTIONS[refuseReading]) } : {}),
    ...(multipath ? { MULTIPATH: '1' } : {}),
  }
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
