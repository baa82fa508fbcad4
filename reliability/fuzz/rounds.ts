/** Runs rounds of the fuzzer, each in a child process of its own, so that a crash ends a round and is told. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { addTotals, type Message, noTotals, type Round, type Totals } from './messages.ts'
import { lastCalls } from './trace.ts'

const CHILD = new URL('child.ts', import.meta.url)

/** Short enough that to repeat one from its seed takes seconds. */
const ROUND = 200_000

/** A child that says nothing for so long hangs. */
const SILENCE_MS = 120_000

export interface Run {
  /** The first round's; each later one's is one more. */
  readonly seed: number
  readonly calls: number
  readonly seconds: number
  /** Child processes at a time. */
  readonly processes: number
  /** What `node` gets besides, for each child. */
  readonly nodeArguments?: readonly string[]
  /** Called now and then with the calls made so far. */
  progress?(calls: number): void
}

export interface Result {
  readonly totals: Totals
  readonly rounds: number
  readonly seconds: number
}

/** A round has not come to its end; the message says which, how to repeat it, and what the last calls were. */
export class Broken extends Error {}

/** @throws {@link Broken} for the first round that breaks */
export async function runRounds(run: Run): Promise<Result> {
  const started = Date.now()
  const until = Number.isFinite(run.seconds) ? started + run.seconds * 1000 : null
  const totals = noTotals()
  const under = new Map<number, number>()
  let given = 0
  let rounds = 0
  const stopped = new AbortController()
  const goesOn = (): boolean =>
    given < run.calls && Date.now() < (until ?? Number.POSITIVE_INFINITY) && !stopped.signal.aborted
  const worker = async (): Promise<void> => {
    while (goesOn()) {
      const seed = run.seed + rounds++
      const calls = Math.min(ROUND, run.calls - given)
      given += calls
      const progress = (calls: number): void => {
        under.set(seed, calls)
        run.progress?.(totals.calls + [...under.values()].reduce((sum, each) => sum + each, 0))
      }
      const done = await runRound({ seed, calls, until }, run.nodeArguments ?? [], progress, stopped.signal)
      under.delete(seed)
      addTotals(totals, done)
    }
  }
  try {
    await Promise.all(Array.from({ length: run.processes }, () => worker()))
  } finally {
    stopped.abort() // the others, where one has broken
  }
  return { totals, rounds, seconds: (Date.now() - started) / 1000 }
}

async function runRound(
  asked: Omit<Round, 'folder'>,
  nodeArguments: readonly string[],
  progress: (calls: number) => void,
  signal: AbortSignal,
): Promise<Totals> {
  return inTemporaryFolder('fuzz', async (folder) => {
    const child = fork(CHILD, [JSON.stringify({ ...asked, folder } satisfies Round)], {
      execArgv: ['--import=ts-blank-space/register', ...nodeArguments],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      signal,
    })
    const end = await endOf(child, progress)
    if ('totals' in end) return end.totals
    const calls = lastCalls(join(folder, 'trace'))
    throw new Broken(`${end.reason}\n
Seed ${asked.seed}; repeat it with: npm run reliability -- fuzz --seed ${asked.seed} --calls ${asked.calls}
The last calls:\n${calls.map((call) => `  ${call}`).join('\n')}`)
  })
}

type End = { readonly totals: Totals } | { readonly reason: string }

async function endOf(child: ChildProcess, progress: (calls: number) => void): Promise<End> {
  let end: End | undefined
  const hangs = (): void => {
    end = { reason: `The child process was silent for ${SILENCE_MS / 1000} s` }
    child.kill('SIGKILL')
  }
  let silence = setTimeout(hangs, SILENCE_MS)
  child.on('message', (message: Message) => {
    clearTimeout(silence)
    silence = setTimeout(hangs, SILENCE_MS)
    if (message.kind === 'progress') progress(message.calls)
    else if (message.kind === 'done') end ??= { totals: message.totals }
    else end ??= { reason: message.reason }
  })
  child.on('error', (error) => (end ??= { reason: String(error) }))
  const [stderr, status] = await Promise.all([
    child.stderr ? text(child.stderr) : '',
    new Promise<string>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? `status ${code}`))
    }),
  ])
  clearTimeout(silence)
  const said = stderr.replace(/.*TCP_KEEPALIVE_NOT_SET.*\n(.*\n)?/, '').trim()
  if (end && 'reason' in end) return { reason: `${end.reason}\n${said}` }
  if (status !== 'status 0' || end === undefined)
    return { reason: `The child process ended by ${status}\n${said}` }
  return end
}
