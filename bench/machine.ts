/** What the figures were measured on, as far as it matters to them. */
import { execFileSync } from 'node:child_process'
import * as lab from '../lab/machine.ts'
import type { Prepared } from './prepare.ts'

export function describeMachine({ node24, node26, binary }: Prepared): string {
  return [lab.describeMachine(), `Node ${versionOf(node24)} and ${versionOf(node26)}`, binary].join(', ')
}

export function versionOf(node: string): string {
  return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
}
