/** What the figures were measured on, as far as it matters to them. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import type { Prepared } from './prepare.ts'

export function describeMachine({ node24, node26, binary }: Prepared): string {
  const processors = cpus()
  const kernel = /^\d+(\.\d+)*/.exec(release())?.[0] ?? ''
  return [
    `${processors.length} × ${processors[0]?.model.trim() ?? process.arch}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${type()} ${kernel}`,
    `Node ${versionOf(node24)} and ${versionOf(node26)}`,
    binary,
  ].join(', ')
}

export function versionOf(node: string): string {
  return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
}
