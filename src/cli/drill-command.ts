/** A drill in a program that is started for it: every Node process of it cuts its own connections off, which takes no rights. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DrillReport, Finding } from './drill-findings.ts'
import { type Asked, INSIDE, LOOK_MS, pause, type Show } from './drill-session.ts'

/** What a process that drills itself is told. */
export interface InsideTask extends Asked {
  readonly patterns: readonly string[]
  /** Where it appends a line for each {@link InsideNews}. */
  readonly file: string
}

/** What it tells; the report comes last. */
export type InsideNews =
  | { readonly pid: number; readonly connections: readonly Finding[] }
  | { readonly pid: number; readonly report: DrillReport }

/** Starts the command, and ends it when the drill is over. */
export async function drillCommand(
  [command = '', ...args]: readonly string[],
  patterns: readonly string[],
  { json, ...asked }: Asked & { readonly json: boolean },
  show: Show,
  stopped: Promise<void>,
): Promise<DrillReport[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-drill-'))
  const file = join(folder, 'news')
  writeFileSync(file, '')
  const task: InsideTask = { ...asked, patterns, file }
  const program = spawn(command, args, {
    stdio: ['inherit', json ? 2 : 'inherit', 'inherit'], // what is parsed is the drill's alone
    detached: true, // a group of processes, which can be ended as a whole: `npm start` has others beneath it
    env: { ...process.env, NODE_OPTIONS: nodeOptions(), [INSIDE]: JSON.stringify(task) },
  })
  const exited = once(program, 'exit').then(() => 'the program has ended')
  try {
    for (;;) {
      const news = newsIn(file)
      show(news.flatMap((each) => ('connections' in each ? each.connections : each.report.connections)))
      if (news.length > 0 && news.every((each) => 'report' in each)) return news.map(({ report }) => report)
      const what = await Promise.race([exited, stopped.then(() => 'this was stopped'), pause(LOOK_MS)])
      if (what !== false)
        throw new Error(
          `${what} ${news.length === 0 ? 'before there was such a connection' : 'before the drill was over'}`,
        )
    }
  } finally {
    endGroup(program.pid)
    rmSync(folder, { recursive: true, force: true })
  }
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGTERM')
  } catch {
    // All of them have ended.
  }
}

function nodeOptions(): string {
  const { NODE_OPTIONS = '' } = process.env
  return `${NODE_OPTIONS} --require ${JSON.stringify(join(__dirname, 'drill-inside.cjs'))}`.trim()
}

/** The last of each process. */
function newsIn(file: string): InsideNews[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  const all = lines.map((line) => JSON.parse(line, revived) as InsideNews)
  return [...new Map(all.map((each) => [each.pid, each])).values()]
}

/** In JSON there is no infinity. */
function revived(name: string, value: unknown): unknown {
  return name === 'wouldTake' && value === null ? Number.POSITIVE_INFINITY : value
}
