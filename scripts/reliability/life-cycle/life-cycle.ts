/** Everything that begins and ends: threads, contexts, processes, copies of the package. */
import { nodeOf, versions } from '../../nodes.ts'
import type { Figure } from '../record.ts'
import { copies } from './copies.ts'
import { endings } from './endings.ts'
import { permission } from './permission.ts'
import { cluster, passing, realms } from './processes.ts'
import { threads } from './threads.ts'

const THREADS = 500
const AT_ONCE = 8
const WORKERS = 4
const CONNECTIONS = 50

export const usage: string = '  (none)  everything, on every version of Node that is supported'

export async function run([option]: readonly string[]): Promise<readonly Figure[]> {
  if (option !== undefined) throw new Error(`There is no ${option}`)
  const figures: Figure[] = []
  for (const version of [process.versions.node, ...versions]) {
    const node = version === process.versions.node ? process.execPath : nodeOf(version)
    figures.push({ what: `Node ${version}`, figure: (await all(node)).join('; ') })
  }
  return figures
}

async function all(node: string): Promise<readonly string[]> {
  const left = await threads(node, THREADS, AT_ONCE)
  const more = `${Math.max(0, Math.round(left.kilobytesMore / 1024))} MiB`
  const told = [
    `${THREADS} threads, ${AT_ONCE} at a time: ${left.descriptors} descriptors left, ${more} more than without the package`,
    `${await realms(node)} of 18 checks across vm contexts`,
    `${await endings(node)} of 27 programs that end or throw within a call end as without it`,
    `${await cluster(node, WORKERS, CONNECTIONS)} connections of cluster workers held`,
    `${await passing(node, CONNECTIONS)} connections handed to a child`,
  ]
  await permission(node)
  told.push('--permission with and without --allow-addons as documented')
  told.push(`${await copies(node)} of 18 claims of two copies`)
  return told
}
