/** `drill -- COMMAND`: starts a program and drills it. Each of its Node processes cuts off its own connections, which needs no rights. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { AddressMatcher } from './address-matcher.ts'
import type { DrillReport, Ended, Fate, Shown } from './drill-findings.ts'
import { hasEnded } from './drill-matching.ts'
import { NewsFolder } from './drill-folder.ts'
import type { InsideNews, InsideTask } from './drill-news.ts'
import { type Asked, INSIDE, LOOK_MS, pause, type Show } from './drill-session.ts'
import { INSIDE_FILE, Outside } from './drill-outside.ts'
import { endText } from './drill-text.ts'
import { longestWait, Waiting } from './drill-waiting.ts'
import type { Stopped } from './stop-signals.ts'
import { complain } from './terminal.ts'

/** How long a process may take for its last report, and the program to end. */
const END_MS = 5000

type Begun = InsideNews & ({ readonly connections: Shown['connections'] } | { readonly report: DrillReport })

/**
 * Starts the command, and ends it when the drill is over.
 *
 * @returns a report for each process; empty if the drill was stopped before it began
 */
export async function drillCommand(
  [command = '', ...args]: readonly string[],
  matcher: AddressMatcher,
  { json, ...asked }: Asked & { readonly json: boolean },
  show: Show,
  stopped: Stopped,
): Promise<DrillReport[]> {
  const { patterns } = matcher
  const files = new NewsFolder()
  const task: InsideTask = { ...asked, patterns, folder: files.folder }
  let program: ChildProcess | undefined
  let outside: Outside | undefined
  const endNow = (): void => {
    signalGroup(program?.pid, 'SIGTERM')
    files.remove()
  }
  process.once('exit', endNow) // for example, when the reader of the output is gone (EPIPE)
  try {
    program = await started(command, args, {
      stdio: ['inherit', json ? 2 : 'inherit', 'inherit'], // with --json, only the report may be on stdout
      detached: true, // makes a process group, to end all of it: `npm start` has child processes
      env: { ...process.env, NODE_OPTIONS: nodeOptions(), [INSIDE]: JSON.stringify(task) },
    })
    complain(`the drill begins three seconds after the program has a connection to ${patterns.join(' or ')}`)
    const ended = once(program, 'exit').then(([code, signal]: unknown[]): Ended => {
      return signal === null ? { code: code as number } : { signal: signal as NodeJS.Signals }
    })
    outside = new Outside(program.pid ?? 0, matcher, asked)
    const drill = new CommandDrill(program, asked, files, outside, show)
    void stopped.twice.then(() => drill.kill())
    return await drill.watch(ended, stopped.once, patterns)
  } finally {
    outside?.stop()
    await endGroup(program?.pid)
    process.removeListener('exit', endNow)
    files.remove()
  }
}

async function started(command: string, args: readonly string[], how: SpawnOptions): Promise<ChildProcess> {
  try {
    const program = spawn(command, args, how)
    await once(program, 'spawn')
    return program
  } catch (error) {
    throw new Error(`"${command}" could not be started: ${(error as Error).message}`, { cause: error })
  }
}

class CommandDrill {
  readonly #program: ChildProcess
  readonly #asked: Asked
  readonly #files: NewsFolder
  readonly #outside: Outside
  readonly #show: Show
  #isKilled = false

  constructor(program: ChildProcess, asked: Asked, files: NewsFolder, outside: Outside, show: Show) {
    this.#program = program
    this.#asked = asked
    this.#files = files
    this.#outside = outside
    this.#show = show
  }

  /** Ends the command at once. */
  kill(): void {
    this.#isKilled = true
    signalGroup(this.#program.pid, 'SIGKILL')
  }

  async watch(
    ended: Promise<Ended>,
    stopped: Promise<void>,
    patterns: readonly string[],
  ): Promise<DrillReport[]> {
    const waits = new Waiting(patterns, longestWait(this.#asked.time))
    const end = ended.then((how) => ({ how }))
    for (;;) {
      const begun = this.#begun()
      if (begun.length > 0 && begun.every((each) => 'report' in each)) {
        // /proc shows the end of the program before the 'exit' event arrives with its code.
        const isGone = begun.some(({ pid }) => pid === this.#program.pid && hasEnded(pid))
        const last = isGone && (await end)
        return this.#reports(begun, last === false ? undefined : last.how)
      }
      this.#outside.look()
      if (begun.length === 0) waits.look(this.#news())
      const what = await Promise.race([end, stopped.then(() => 'stopped' as const), pause(LOOK_MS)])
      if (what !== false) return this.#finish(what === 'stopped' ? undefined : what.how)
    }
  }

  #news(): InsideNews[] {
    return [...this.#files.read(), ...this.#outside.news]
  }

  /** Reads and shows the processes in which the drill has begun. */
  #begun(): Begun[] {
    const known = this.#files.read().filter(({ pid }) => hasEnded(pid))
    const gone = new Set(known.map(({ pid }) => pid))
    const news = this.#news() // again, because a process may have written its last line before it ended
    for (const each of news) if ('problem' in each) throw new Error(each.problem)
    const begun = news
      .filter((each): each is Begun => 'connections' in each || 'report' in each)
      .map((each) =>
        gone.has(each.pid)
          ? { pid: each.pid, report: this.#reportOf(each, this.#isKilled ? undefined : {}) }
          : each,
      )
    if (begun.length > 0) {
      this.#files.begin()
      this.#outside.begin()
    }
    this.#show(
      begun.map((each) =>
        'report' in each ? each.report : { pid: each.pid, connections: each.connections },
      ),
    )
    return begun
  }

  /** Ends the drill. Each process that still runs restores its own connections, and writes its last report. */
  async #finish(how?: Ended): Promise<DrillReport[]> {
    this.#files.stop()
    this.#outside.stop()
    let begun = this.#begun()
    for (const end = performance.now() + END_MS; performance.now() < end; begun = this.#begun()) {
      if (begun.every((each) => 'report' in each)) break
      await pause(LOOK_MS)
    }
    if (begun.length > 0 || how === undefined) return this.#reports(begun, how)
    const isSettling = this.#news().some((each) => 'isSettling' in each)
    const what = isSettling ? 'the drill began' : 'it had a matching connection'
    throw new Error(`the program has ended${endText(how)} before ${what}`)
  }

  #reports(begun: readonly Begun[], how?: Ended): DrillReport[] {
    const reports = begun.map((each) => {
      const isIt = how !== undefined && each.pid === this.#program.pid
      const report = this.#reportOf(each, isIt ? how : undefined)
      if (!isIt || !report.ended) return report
      return { ...report, ended: how, endedByError: report.endedByError === true && how.code !== 0 }
    })
    this.#show(reports)
    return reports
  }

  /** The report of a process; made from its last news if it could not write one. */
  #reportOf(news: Begun, ended: Ended | undefined): DrillReport {
    if ('report' in news) return news.report
    const fate: Fate = ended ? 'ended' : 'too-early'
    const connections = news.connections.map((each) => (each.fate === 'cut' ? { ...each, fate } : each))
    const { pid } = news
    const rest = { within: this.#asked.within, newConnectionAfter: undefined }
    const healed = ended !== undefined || this.#isKilled // nothing is left of a process that has ended
    return { pid, connections, ...rest, healed, ...(ended && { ended }) }
  }
}

async function endGroup(leader: number | undefined): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return
  for (const end = performance.now() + END_MS; performance.now() < end; await pause(LOOK_MS))
    if (!signalGroup(leader, 0)) return
  signalGroup(leader, 'SIGKILL')
}

/** @returns `false` if all processes of the group have ended */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader !== undefined && process.kill(-leader, signal)
  } catch {
    return false
  }
}

function nodeOptions(): string {
  const { NODE_OPTIONS = '' } = process.env
  return `${NODE_OPTIONS} --require ${JSON.stringify(join(__dirname, INSIDE_FILE))}`.trim()
}
