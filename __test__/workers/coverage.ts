/** Which threads and processes register covers, as measured and as docs/whole-program.md says. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** In the order of the table's columns: on the command line, or in NODE_OPTIONS. */
export const WAYS = [
  ['--import', 'command line'],
  ['--require', 'command line'],
  ['--import', 'NODE_OPTIONS'],
  ['--require', 'NODE_OPTIONS'],
] as const

export type Way = (typeof WAYS)[number]

/** Given in both places; the table has no column for this. */
export const BOTH = ['--require', 'both'] as const

const cwd = fileURLToPath(new URL('.', import.meta.url))
const page = readFileSync(new URL('../../docs/whole-program.md', import.meta.url), 'utf8')

/** The table's cell for a way, on a Node of this major version. */
export function documented(way: Way, major: number): Readonly<Record<string, boolean>> {
  const begin = page.indexOf('| what runs |')
  const rows = page
    .slice(begin, page.indexOf('\n\n', begin))
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()))
  const column = WAYS.indexOf(way) + 2
  return Object.fromEntries(rows.map((cells) => [cells[1] ?? '', isYes(cells[column] ?? '', major)]))
}

/** As "yes; Node 18: no". */
function isYes(cell: string, major: number): boolean {
  const [, exception = '', else_ = ''] = /^\w+; Node (\d+): (\w+)$/.exec(cell) ?? []
  return (Number(exception) === major ? else_ : cell.split(';')[0]) === 'yes'
}

/** The cell's value for one Node. */
export async function measured(
  node: string,
  way: Way | typeof BOTH,
): Promise<Readonly<Record<string, boolean>>> {
  const lines = (await run(node, way, 'program.cjs')).trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as [kind: string, isCovered: boolean])
  const pino = JSON.parse(await run(node, way, 'pino-program.mjs')) as boolean
  return Object.fromEntries([...all, ["worker of pino's transport", pino]]) as Record<string, boolean>
}

async function run(node: string, [option, where]: Way | typeof BOTH, program: string): Promise<string> {
  const given = [option, 'tcp-keepalive/register']
  const env = { ...process.env, NODE_OPTIONS: where === 'command line' ? '' : given.join(' ') }
  const before = where === 'NODE_OPTIONS' ? [] : given
  const { stdout } = await promisify(execFile)(node, [...before, program], { cwd, env })
  return stdout
}
