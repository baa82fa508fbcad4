/** How the processes of a command report on their drill: each appends lines to one file. Two more files mark its beginning and its end. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { DrillReport, Finding } from './drill-findings.ts'
import type { Asked } from './drill-session.ts'

/** The task of a process that drills itself. */
export interface InsideTask extends Asked {
  readonly patterns: readonly string[]
  /** The folder of the drill's files. */
  readonly folder: string
}

/** A line of a process. Only the last line of each process counts; a report is always the last. */
export type InsideNews = { readonly pid: number } & (
  | { /** Its peers, before the drill begins. */ readonly peers: string }
  | { /** It has a matching connection, and may still be opening others. */ readonly isSettling: true }
  | { readonly connections: readonly Finding[] }
  | { readonly report: DrillReport }
  | { /** Why the drill in it failed. */ readonly problem: string }
)

export class NewsFolder {
  readonly #news: string
  readonly #begun: string
  readonly #stop: string

  constructor(folder: string) {
    this.#news = `${folder}/news`
    this.#begun = `${folder}/begun`
    this.#stop = `${folder}/stop`
  }

  tell(news: InsideNews): void {
    try {
      appendFileSync(this.#news, `${JSON.stringify(news)}\n`)
    } catch {
      // The drill command is gone. The drill goes on to its end, and restores the connections.
    }
  }

  /** The last line of each process. */
  read(): InsideNews[] {
    if (!existsSync(this.#news)) return []
    const lines = readFileSync(this.#news, 'utf8').split('\n').slice(0, -1)
    const all = lines.map((line) => JSON.parse(line, revived) as InsideNews)
    return [...new Map(all.map((each) => [each.pid, each])).values()]
  }

  /** Milliseconds since the drill began in the first process; `undefined` before. */
  get age(): number | undefined {
    return existsSync(this.#begun) ? Date.now() - Number(readFileSync(this.#begun, 'utf8')) : undefined
  }

  begin(): void {
    if (this.age === undefined) writeFileSync(this.#begun, String(Date.now()))
  }

  get isStopped(): boolean {
    return existsSync(this.#stop)
  }

  stop(): void {
    writeFileSync(this.#stop, '')
  }
}

/** JSON has no infinity: it is written as null. */
function revived(name: string, value: unknown): unknown {
  return name === 'wouldTake' && value === null ? Number.POSITIVE_INFINITY : value
}
