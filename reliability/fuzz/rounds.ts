/** Runs rounds of the fuzzer, each in a child process of its own: a crash ends only its round, and is reported. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { lastCalls } from './trace.ts'

const CHILD = new URL('child.ts', import.meta.url)

/** Calls in a round: few enough that repeating it from its seed takes seconds. */
const ROUND = 200_000

/** A child that sends nothing for this long hangs. */
const SILENCE_MS = 120_000

export interface Round {
  readonly seed: number
  readonly calls: number
  /** When to stop before all calls are made, in milliseconds since 1970; `null` for never. */
  readonly until: number | null
  /** For its sockets and its trace. */
  readonly folder: string
}

export interface Totals {
  /** Calls of the package's functions, and of Node's own methods as drivers make them. */
  calls: number
  driverCalls: number
  /** How often the options of a socket were read back after calls on others. */
  readings: number
  /** Sockets opened in the tick in which another was destroyed, and how many of them got its number. */
  foreign: number
  reused: number
  /** Sockets that another process has read at the end. */
  readFromOutside: number
  /** Calls by function, and errors by code. */
  readonly byName: Record<string, number>
  readonly byCode: Record<string, number>
}

/** What the child sends: the calls made since its last message, or its end. */
export type Message = { readonly calls: number } | { readonly failed: string } | { readonly done: Totals }

const COUNTS = { calls: 0, driverCalls: 0, readings: 0, foreign: 0, reused: 0, readFromOutside: 0 }

export function noTotals(): Totals {
  return { ...COUNTS, byName: {}, byCode: {} }
}

function addTotals(sum: Totals, more: Totals): void {
  for (const name of Object.keys(COUNTS) as Array<keyof typeof COUNTS>) sum[name] += more[name]
  for (const by of ['byName', 'byCode'] as const) {
    for (const [name, count] of Object.entries(more[by])) sum[by][name] = (sum[by][name] ?? 0) + count
  }
}

export interface Run {
  /** That of the first round; each later round adds one. */
  readonly seed: number
  readonly calls: number
  readonly seconds: number
  readonly processes: number
  progress?(calls: number): void
}

/** @throws for the first round that breaks: how to repeat it, and its last calls */
export async function runRounds(run: Run): Promise<{ readonly totals: Totals; readonly rounds: number }> {
  const end = Date.now() + run.seconds * 1000
  const until = Number.isFinite(end) ? end : null
  const totals = noTotals()
  let [given, made, rounds] = [0, 0, 0]
  const stopped = new AbortController()
  const worker = async (): Promise<void> => {
    while (given < run.calls && Date.now() < end && !stopped.signal.aborted) {
      const seed = run.seed + rounds++
      const calls = Math.min(ROUND, run.calls - given)
      given += calls
      const progress = (more: number): void => run.progress?.((made += more))
      addTotals(totals, await runRound({ seed, calls, until }, progress, stopped.signal))
    }
  }
  try {
    await Promise.all(Array.from({ length: run.processes }, () => worker()))
  } finally {
    stopped.abort() // if one has broken, the others stop
  }
  return { totals, rounds }
}

async function runRound(
  round: Omit<Round, 'folder'>,
  progress: (calls: number) => void,
  signal: AbortSignal,
): Promise<Totals> {
  return inTemporaryFolder('fuzz', async (folder) => {
    const child = fork(CHILD, [JSON.stringify({ ...round, folder } satisfies Round)], {
      execArgv: ['--import=ts-blank-space/register'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      signal,
    })
    const end = await endOf(child, progress)
    if (typeof end !== 'string') return end
    const calls = lastCalls(join(folder, 'trace'))
    throw new Error(`${end}\n
Seed ${round.seed}; repeat it with: npm run reliability -- fuzz --seed ${round.seed} --calls ${round.calls}
The last calls:\n${calls.map((call) => `  ${call}`).join('\n')}`)
  })
}

/** @returns what the child has counted, or why it has failed */
async function endOf(child: ChildProcess, progress: (calls: number) => void): Promise<Totals | string> {
  let totals: Totals | undefined
  let reason: string | undefined
  const silence = setTimeout(() => {
    reason = `The child process was silent for ${SILENCE_MS / 1000} s`
    child.kill('SIGKILL')
  }, SILENCE_MS)
  child.on('message', (message: Message) => {
    silence.refresh()
    if ('calls' in message) progress(message.calls)
    else if ('done' in message) totals = message.done
    else reason ??= message.failed
  })
  child.on('error', (error) => (reason ??= String(error)))
  const [stderr, status] = await Promise.all([
    child.stderr ? text(child.stderr) : '',
    new Promise<string>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? `status ${code}`))
    }),
  ])
  clearTimeout(silence)
  if (totals && reason === undefined && status === 'status 0') return totals
  const printed = stderr.replace(/.*TCP_KEEPALIVE_NOT_SET.*\n(.*\n)?/, '').trim()
  return `${reason ?? `The child process ended with ${status}`}\n${printed}`
}
