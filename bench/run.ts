/**
 * `npm run bench`: measures everything in the table of rows.ts and writes bench/results.json and docs/performance.md.
 * With names of programs given (`npm run bench -- calls`), only those, and the other results stay as they are.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { countInstructions, valgrindVersion } from './instructions.ts'
import { describeMachine } from './machine.ts'
import { prepare } from './prepare.ts'
import { readResults, showTable, writeDocument, writeResults } from './results.ts'
import type { Measurement } from './rows.ts'

const PROGRAMS = [
  'calls',
  'first-set',
  'held-call',
  'many',
  'install',
  'import',
  'growth',
  'held-memory',
  'endpoints',
  'inspect',
  'ps',
  'probe',
  'sweep',
  'reach',
]

const names = process.argv.slice(2)
const known = [...PROGRAMS, 'instructions']
const unknown = names.find((name) => !known.includes(name))
if (unknown !== undefined) {
  console.error(`There is no measurement "${unknown}"; there are: ${known.join(', ')}`)
  process.exit(2)
}
const prepared = prepare()
const before = names.length > 0 ? readResults() : undefined
const measurements = new Map<string, Measurement>(before?.measurements.map((one) => [one.name, one]))

/** The last core is for what is measured, the first for the other ends of its connections. */
const cores = availableParallelism()
const canPin = cores > 1 && spawnSync('taskset', ['--version']).status === 0
if (!canPin) console.log('• Not pinned to a core: that takes taskset, and two cores')

function isWanted(program: string): boolean {
  return names.length === 0 || names.includes(program)
}

/** Of all that is measured, this alone takes what not every machine has. */
function count(): Measurement[] {
  if (valgrindVersion() !== undefined) return countInstructions(prepared)
  const missing = 'Instructions are not counted: that takes valgrind (Debian: apt-get install valgrind)'
  if (names.length > 0) throw new Error(missing)
  console.log(`• ${missing}`)
  return []
}

function measure(node: string, program: string, wanted: readonly string[] = []): Measurement[] {
  console.log(`• ${program}${node === prepared.node26 ? ' on Node 26' : ''}`)
  const command = [node, '--no-warnings', '--expose-gc', `bench/programs/${program}.ts`, ...wanted]
  const [first = '', ...rest] = canPin ? ['taskset', '-c', String(cores - 1), ...command] : command
  const environment = canPin ? { ...prepared.environment, BENCH_PEERS_CORE: '0' } : prepared.environment
  const { status, stdout } = spawnSync(first, rest, {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Measurement)
}

try {
  for (const program of PROGRAMS) {
    if (!isWanted(program)) continue
    for (const one of measure(prepared.node24, program)) measurements.set(one.name, one)
  }
  if (isWanted('calls')) {
    const [one] = measure(prepared.node26, 'calls', ['node-four-arguments'])
    if (one) measurements.set('node26-four-arguments', { ...one, name: 'node26-four-arguments' })
  }
  if (isWanted('instructions')) {
    for (const one of count()) measurements.set(one.name, one)
  }
} finally {
  prepared.remove()
}
/** Where nothing but instructions was counted, the times are still those of the machine before. */
const isTimed = names.length === 0 || names.some((name) => name !== 'instructions')
const machine = isTimed ? describeMachine(prepared) : (before?.machine ?? describeMachine(prepared))
writeResults(machine, measurements)
writeDocument(machine, measurements)
showTable(measurements)
