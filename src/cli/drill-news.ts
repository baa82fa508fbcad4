/** How a process of a command reports on its drill: it appends lines to a file of its own. Two files of the drill mark its beginning and its end. */
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import type { DrillReport, Finding } from './drill-findings.ts'
import type { Asked } from './drill-session.ts'

/** The task of a process that drills itself. */
export interface InsideTask extends Asked {
  readonly patterns: readonly string[]
  /** The folder for the files of the processes: see drill-folder.ts. */
  readonly folder: string
}

/** A line of a process. Only its last line counts; a report is always the last. */
export type InsideNews = { readonly pid: number } & (
  | { /** Its peers, before the drill begins. */ readonly peers: string }
  | { /** It has a matching connection, and may still be opening others. */ readonly isSettling: true }
  | { readonly connections: readonly Finding[] }
  | { readonly report: DrillReport }
  | { /** Why the drill in it failed. */ readonly problem: string }
)

export class NewsWriter {
  readonly #folder: string
  #file: string | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  tell(news: InsideNews): void {
    const line = `${JSON.stringify(news)}\n`
    // A program may change its user after its start, and can then no longer write to its first file.
    if (this.#file === undefined || !wasWritten(this.#file, line, 'a')) this.#file = this.#begin(line)
  }

  /** Creates a file; a later one has a later name. */
  #begin(line: string): string | undefined {
    const file = `${this.#folder}/${Date.now()}-${Math.random()}`
    return wasWritten(file, line, 'wx') ? file : undefined
  }

  /** Milliseconds since the drill began in the first process; `undefined` before. */
  get age(): number | undefined {
    const begun = statSync(`${this.#folder}/../begun`, { throwIfNoEntry: false })
    return begun && Date.now() - begun.mtimeMs
  }

  get isStopped(): boolean {
    return existsSync(`${this.#folder}/../stop`)
  }
}

/** @returns `false` if that failed. If the drill command is gone, the drill goes on to its end, and restores the connections. */
function wasWritten(file: string, line: string, flag: 'a' | 'wx'): boolean {
  try {
    writeFileSync(file, line, { flag })
    if (flag === 'wx') chmodSync(file, 0o644) // the drill may have another user; the umask would count in `mode`
    return true
  } catch {
    return false
  }
}
