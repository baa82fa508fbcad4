/** How the processes of a command tell of the drill in them: each appends lines to a file, and looks for others beside it. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { DrillReport, Finding } from './drill-findings.ts'
import type { Asked } from './drill-session.ts'

/** What a process that drills itself is told. */
export interface InsideTask extends Asked {
  readonly patterns: readonly string[]
  /** Where the files of the drill lie. */
  readonly folder: string
}

/** What it tells of itself; of each process only the last counts, and a report comes last. */
export type InsideNews = { readonly pid: number } & (
  | { /** Where it is connected to, before the drill begins. */ readonly peers: string }
  | { /** It has a connection that is meant, and may still be making others. */ readonly isSettling: true }
  | { readonly connections: readonly Finding[] }
  | { readonly report: DrillReport }
  | { /** Why there is no drill in it. */ readonly problem: string }
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
      // Whoever asked for the drill is gone; it goes on to its end, and heals.
    }
  }

  /** The last of each process. */
  read(): InsideNews[] {
    if (!existsSync(this.#news)) return []
    const lines = readFileSync(this.#news, 'utf8').split('\n').slice(0, -1)
    const all = lines.map((line) => JSON.parse(line, revived) as InsideNews)
    return [...new Map(all.map((each) => [each.pid, each])).values()]
  }

  /** Milliseconds since the first process has begun; `undefined` before. */
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

/** In JSON there is no infinity. */
function revived(name: string, value: unknown): unknown {
  return name === 'wouldTake' && value === null ? Number.POSITIVE_INFINITY : value
}
