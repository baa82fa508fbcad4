/** The part `life-cycle`: threads, contexts, processes and copies of the package, on each version of Node. */
import { nodeOf, versions } from '../../lab/nodes.ts'
import { UsageError } from '../arguments.ts'
import { type Figure, mebibytes } from '../record.ts'
import { cluster, copies, endings, passing, permission, realms, threads } from './checks.ts'

const THREADS = 500
const AT_ONCE = 8
const WORKERS = 4
const CONNECTIONS = 50

const VERSIONS: readonly string[] = [process.versions.node, ...versions]

export const usage: string = `  --newest  only Node ${VERSIONS.at(-1)}; the default is each of ${VERSIONS.join(', ')}`

export async function run([option]: readonly string[]): Promise<readonly Figure[]> {
  if (option !== undefined && option !== '--newest')
    throw new UsageError(`Unknown option '${option}'\n${usage}`)
  const chosen = option === undefined ? VERSIONS : VERSIONS.slice(-1)
  const names = chosen.map((version) => `Node ${version}`)
  const all: Array<readonly Figure[]> = []
  for (const version of chosen) {
    all.push(await figuresOn(version === process.versions.node ? process.execPath : await nodeOf(version)))
  }
  const rows = (all[0] ?? []).map(([what], row): Figure => {
    const figures = all.map((each) => each[row]?.[1] ?? '')
    const isSame = new Set(figures).size === 1
    return [what, isSame ? (figures[0] ?? '') : names.map((name, at) => `${name}: ${figures[at]}`).join('; ')]
  })
  return [['on each of', names.join(', ')], ...rows]
}

async function figuresOn(node: string): Promise<readonly Figure[]> {
  const { descriptors, kilobytes, kilobytesWithout } = await threads(node, THREADS, AT_ONCE)
  await permission(node)
  const memory = [kilobytes, kilobytesWithout].map((size) => mebibytes(size * 1024)).join(', ')
  return [
    [
      `descriptors left by ${THREADS} threads that load and use the package and end, ${AT_ONCE} at a time`,
      String(descriptors),
    ],
    ['memory that they left, and that as many threads left without the package', memory],
    ['checks of other vm contexts that passed', String(await realms(node))],
    ['programs that exit or throw within a call, and end as they must', String(await endings(node))],
    [
      'accepted and outgoing connections of cluster workers, all with their values, in both ways to share a listener',
      String(await cluster(node, WORKERS, CONNECTIONS)),
    ],
    [
      'connections passed to a child, with their values and without the hold',
      String(await passing(node, CONNECTIONS)),
    ],
    ['`--permission`', 'works with `--allow-addons`; without it, `ERR_TCP_KEEPALIVE_NO_BINARY` says so'],
    ['checks of two versions in one thread that passed', String(await copies(node))],
  ]
}
