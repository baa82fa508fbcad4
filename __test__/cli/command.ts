/** Runs the built command line. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const CLI: string = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export function cli(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}
