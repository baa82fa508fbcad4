/** What the figures were measured on, as far as it matters to them. */
import * as lab from '../lab/machine.ts'
import { run } from '../lab/run.ts'
import type { Prepared } from './prepare.ts'

export async function describeMachine({ node24, node26, binary }: Prepared): Promise<string> {
  const nodes = `Node ${await versionOf(node24)} and ${await versionOf(node26)}`
  return [lab.describeMachine(), nodes, binary].join(', ')
}

export async function versionOf(node: string): Promise<string> {
  return (await run(node, ['-p', 'process.versions.node'])).trim()
}
