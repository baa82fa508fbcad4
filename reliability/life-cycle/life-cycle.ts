/** Everything that begins and ends: threads, contexts, processes, copies of the package. */
import { nodeOf, versions } from '../../lab/nodes.ts'
import type { Figure } from '../record.ts'
import { copies } from './copies.ts'
import { endings } from './endings.ts'
import { permission } from './permission.ts'
import { cluster, passing, realms } from './processes.ts'
import { type Left, threads } from './threads.ts'

const THREADS = 500
const AT_ONCE = 8
const WORKERS = 4
const CONNECTIONS = 50

const VERSIONS: readonly string[] = [process.versions.node, ...versions]

export const usage: string = `  --newest  on Node ${VERSIONS.at(-1)} alone; else on each of ${VERSIONS.join(', ')}`

interface Result {
  readonly version: string
  readonly left: Left
  readonly realms: number
  readonly endings: number
  readonly cluster: number
  readonly passing: number
  readonly copies: number
}

export async function run([option]: readonly string[]): Promise<readonly Figure[]> {
  if (option !== undefined && option !== '--newest') throw new Error(`There is no ${option}:\n${usage}`)
  const results: Result[] = []
  for (const version of option === undefined ? VERSIONS : VERSIONS.slice(-1)) {
    results.push(
      await all(version, version === process.versions.node ? process.execPath : await nodeOf(version)),
    )
  }
  const each = (show: (result: Result) => string): string => {
    const told = results.map((result) => show(result))
    const isSame = new Set(told).size === 1
    return isSame
      ? (told[0] ?? '')
      : results.map(({ version }, at) => `Node ${version}: ${told[at]}`).join('; ')
  }
  return [
    ['on each of', results.map(({ version }) => `Node ${version}`).join(', ')],
    [
      `descriptors left by ${THREADS} threads that load, use and end, ${AT_ONCE} at a time`,
      each(({ left }) => String(left.descriptors)),
    ],
    [
      'memory that they left, and what as many without the package left',
      each(({ left }) => `${mebibytes(left.kilobytes)}, ${mebibytes(left.kilobytesWithout)}`),
    ],
    ['checks of other vm contexts that held', each(({ realms }) => String(realms))],
    [
      'programs that ended as they must, which exit or throw in the middle of a call',
      each(({ endings }) => String(endings)),
    ],
    [
      'connections of cluster workers, accepted and their own, all with their values, whoever has the listener',
      each(({ cluster }) => String(cluster)),
    ],
    [
      'connections handed to a child, with their values and without the hold',
      each(({ passing }) => String(passing)),
    ],
    ['`--permission`', 'works with `--allow-addons`; `ERR_TCP_KEEPALIVE_NO_BINARY` that says so without'],
    ['claims of two versions in one thread that held', each(({ copies }) => String(copies))],
  ]
}

async function all(version: string, node: string): Promise<Result> {
  await permission(node)
  return {
    version,
    left: await threads(node, THREADS, AT_ONCE),
    realms: await realms(node),
    endings: await endings(node),
    cluster: await cluster(node, WORKERS, CONNECTIONS),
    passing: await passing(node, CONNECTIONS),
    copies: await copies(node),
  }
}

function mebibytes(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1)} MiB`
}
