/** A drill in a program that is started for it: every Node process of it cuts its own connections off, which takes no rights. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DrillReport, Ended, Fate, Shown } from './drill-findings.ts'
import { hasEnded } from './drill-matching.ts'
import { type InsideNews, type InsideTask, NewsFolder } from './drill-news.ts'
import { type Asked, INSIDE, LOOK_MS, pause, type Show } from './drill-session.ts'
import { endText } from './drill-text.ts'
import { complain } from './terminal.ts'

/** So long nobody is told for what the drill waits. */
const PATIENCE_MS = 5000

/** So long a process has for its last report, and a program to end. */
const END_MS = 5000

type Begun = InsideNews & ({ readonly connections: Shown['connections'] } | { readonly report: DrillReport })

/**
 * Starts the command, and ends it when the drill is over.
 *
 * @returns a report for each process; empty where it was stopped before there was anything to report
 */
export async function drillCommand(
  [command = '', ...args]: readonly string[],
  patterns: readonly string[],
  { json, ...asked }: Asked & { readonly json: boolean },
  show: Show,
  stopped: Promise<void>,
): Promise<DrillReport[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-drill-'))
  const task: InsideTask = { ...asked, patterns, folder }
  const program = spawn(command, args, {
    stdio: ['inherit', json ? 2 : 'inherit', 'inherit'], // what is parsed is the drill's alone
    detached: true, // a group of processes, which can be ended as a whole: `npm start` has others beneath it
    env: { ...process.env, NODE_OPTIONS: nodeOptions(), [INSIDE]: JSON.stringify(task) },
  })
  const ended = once(program, 'exit').then(([code, signal]: unknown[]): Ended => {
    return signal === null ? { code: code as number } : { signal: signal as NodeJS.Signals }
  })
  const endNow = (): void => {
    signalGroup(program.pid, 'SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', endNow) // nobody reads the output any more, say
  try {
    return await new CommandDrill(program, asked.within, new NewsFolder(folder), show).watch(
      ended,
      stopped,
      patterns,
    )
  } finally {
    await endGroup(program.pid)
    process.removeListener('exit', endNow)
    rmSync(folder, { recursive: true, force: true })
  }
}

class CommandDrill {
  readonly #program: ChildProcess
  readonly #within: number
  readonly #files: NewsFolder
  readonly #show: Show

  constructor(program: ChildProcess, within: number, files: NewsFolder, show: Show) {
    this.#program = program
    this.#within = within
    this.#files = files
    this.#show = show
  }

  async watch(
    ended: Promise<Ended>,
    stopped: Promise<void>,
    patterns: readonly string[],
  ): Promise<DrillReport[]> {
    const waits = new Waiting(patterns)
    const end = ended.then((how) => ({ how }))
    for (;;) {
      const begun = this.#begun()
      if (begun.length > 0 && begun.every((each) => 'report' in each)) {
        // It is seen in /proc that it has ended before it is told here how.
        const isGone = begun.some(({ pid }) => pid === this.#program.pid && hasEnded(pid))
        const last = isGone && (await end)
        return this.#reports(begun, last === false ? undefined : last.how)
      }
      if (begun.length === 0) waits.look(this.#files.read())
      const what = await Promise.race([end, stopped.then(() => 'stopped' as const), pause(LOOK_MS)])
      if (what !== false) return this.#finish(what === 'stopped' ? undefined : what.how)
    }
  }

  /** Those in which the drill goes on, or has gone on, as they are shown. */
  #begun(): Begun[] {
    const known = this.#files.read().filter(({ pid }) => hasEnded(pid))
    const gone = new Set(known.map(({ pid }) => pid))
    const news = this.#files.read() // once more: what has ended tells nothing more
    for (const each of news) if ('problem' in each) throw new Error(each.problem)
    const begun = news
      .filter((each): each is Begun => 'connections' in each || 'report' in each)
      .map((each) => (gone.has(each.pid) ? { pid: each.pid, report: this.#reportOf(each, {}) } : each))
    this.#show(
      begun.map((each) =>
        'report' in each ? each.report : { pid: each.pid, connections: each.connections },
      ),
    )
    return begun
  }

  /** Each process that goes on heals what is its own, and has the last word. */
  async #finish(how?: Ended): Promise<DrillReport[]> {
    this.#files.stop()
    let begun = this.#begun()
    for (const end = performance.now() + END_MS; performance.now() < end; begun = this.#begun()) {
      if (begun.every((each) => 'report' in each)) break
      await pause(LOOK_MS)
    }
    if (begun.length > 0 || how === undefined) return this.#reports(begun, how)
    const isSettling = this.#files.read().some((each) => 'isSettling' in each)
    const what = isSettling ? 'the drill began' : 'there was such a connection'
    throw new Error(`the program has ended${endText(how)} before ${what}`)
  }

  #reports(begun: readonly Begun[], how?: Ended): DrillReport[] {
    const reports = begun.map((each) => {
      const isIt = how !== undefined && each.pid === this.#program.pid
      const report = this.#reportOf(each, isIt ? how : undefined)
      return isIt && report.ended ? { ...report, ended: how } : report
    })
    this.#show(reports)
    return reports
  }

  /** What is known of a process that did not come to report. */
  #reportOf(news: Begun, ended: Ended | undefined): DrillReport {
    if ('report' in news) return news.report
    const fate: Fate = ended ? 'ended' : 'too-early'
    const connections = news.connections.map((each) => (each.fate === 'cut' ? { ...each, fate } : each))
    const { pid } = news
    const rest = { within: this.#within, newConnectionAfter: undefined }
    return { pid, connections, ...rest, healed: ended !== undefined, ...(ended && { ended }) }
  }
}

/** Says for what the drill waits, where it does so for long. */
class Waiting {
  readonly #patterns: string
  readonly #since = performance.now()
  #said = ''

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.join(' or ')
  }

  look(news: readonly InsideNews[]): void {
    if (performance.now() - this.#since < PATIENCE_MS) return
    if (news.some((each) => 'isSettling' in each)) return
    const text = this.#text(news)
    if (text !== this.#said) complain(text)
    this.#said = text
  }

  #text(news: readonly InsideNews[]): string {
    if (news.length === 0)
      return 'still waiting: no process of Node has started, and in others drill PID is the way'
    const others = news.flatMap((each) => ('peers' in each && each.peers !== '' ? [each] : []))
    const where = others.map(({ pid, peers }) => `process ${pid} is connected to ${peers}`)
    return others.length === 0
      ? `still waiting: the program has no connection so far`
      : `still waiting: ${where.join('; ')}; none matches ${this.#patterns} (only addresses and ports can be matched, no names)`
  }
}

async function endGroup(leader: number | undefined): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return
  for (const end = performance.now() + END_MS; performance.now() < end; await pause(LOOK_MS))
    if (!signalGroup(leader, 0)) return
  signalGroup(leader, 'SIGKILL')
}

/** `false` where all of them have ended. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader !== undefined && process.kill(-leader, signal)
  } catch {
    return false
  }
}

function nodeOptions(): string {
  const { NODE_OPTIONS = '' } = process.env
  return `${NODE_OPTIONS} --require ${JSON.stringify(join(__dirname, 'drill-inside.cjs'))}`.trim()
}
