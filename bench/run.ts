/**
 * `npm run bench`: measures everything in the table of rows.ts, and writes bench/results.json and docs/performance.md. With names
 * of programs (`npm run bench -- calls`) it measures only these, and keeps the other results. With `--check` it writes nothing,
 * and fails if a ratio is more than a tenth worse than the recorded one.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { countInstructions, valgrindVersion } from './instructions.ts'
import { prepare } from './prepare.ts'
import { describe, isSameMachine, type Regression, regressions } from './regressions.ts'
import { readResults, showTable, writeDocument, writeResults } from './results.ts'
import type { Measurement } from './rows.ts'

const PROGRAMS = [
  'calls',
  'first-set',
  'held-call',
  'many',
  'install',
  'import',
  'start',
  'growth',
  'held-memory',
  'endpoints',
  'inspect',
  'ps',
  'probe',
  'sweep',
  'reach',
]

const words = process.argv.slice(2)
const isCheck = words.includes('--check')
const names = words.filter((word) => word !== '--check')
const known = [...PROGRAMS, 'instructions']
const unknown = names.find((name) => !known.includes(name))
if (unknown !== undefined) {
  console.error(`There is no measurement "${unknown}"; there are: ${known.join(', ')}`)
  process.exit(2)
}
const recorded = readResults()
const prepared = await prepare()
const here = prepared.machine

/** The measured program runs on the last core, the peers of its connections on the first. */
const cores = availableParallelism()
const canPin = cores > 1 && spawnSync('taskset', ['--version']).status === 0
if (!canPin) console.log('• Not pinned to a core: taskset or a second core is missing')

function isWanted(program: string): boolean {
  return names.length === 0 || names.includes(program)
}

async function count(): Promise<Measurement[]> {
  if (valgrindVersion() !== undefined) return countInstructions(prepared)
  const missing = 'Instructions are not counted: valgrind is missing (Debian: apt-get install valgrind)'
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

/** The measurements of one program; `calls` also runs on Node 26. */
async function measurementsOf(program: string): Promise<readonly Measurement[]> {
  if (program === 'instructions') return count()
  const measured = measure(prepared.node24, program)
  if (program !== 'calls') return measured
  const onNode26 = measure(prepared.node26, 'calls', ['node-four-arguments'])
  return [...measured, ...onNode26.map((one) => ({ ...one, name: 'node26-four-arguments' }))]
}

async function record(): Promise<void> {
  const before = names.length > 0 ? recorded : undefined
  const measurements = new Map<string, Measurement>(before?.measurements.map((one) => [one.name, one]))
  for (const program of known.filter(isWanted)) {
    for (const one of await measurementsOf(program)) measurements.set(one.name, one)
  }
  // If only instructions were counted, the times are those of the recorded machine.
  const isTimed = names.length === 0 || names.some((name) => name !== 'instructions')
  const machine = isTimed ? here : (before?.machine ?? here)
  writeResults(machine, measurements)
  writeDocument(machine, measurements)
  showTable(measurements)
}

/** Measures a program again if it is worse: another program may have run at the same time. */
async function check(): Promise<void> {
  if (recorded === undefined || !isSameMachine(recorded.machine, here)) {
    throw new Error(
      `Ratios are only compared on the same kind of machine.\n  Recorded: ${recorded?.machine}\n  Here:     ${here}`,
    )
  }
  const before = new Map(recorded.measurements.map((one) => [one.name, one]))
  const worseIn = async (program: string): Promise<readonly Regression[]> =>
    regressions(before, new Map((await measurementsOf(program)).map((one) => [one.name, one])))
  const worse: Regression[] = []
  for (const program of known.filter(isWanted)) {
    const first = await worseIn(program)
    const again = new Set(first.length > 0 ? (await worseIn(program)).map(({ name }) => name) : [])
    worse.push(...first.filter(({ name }) => again.has(name)))
  }
  for (const each of worse) console.log(`✘ ${describe(each)}`)
  if (worse.length > 0) process.exitCode = 1
  else console.log('✔ no ratio is more than a tenth worse than the recorded one')
}

try {
  if (isCheck) await check()
  else await record()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
