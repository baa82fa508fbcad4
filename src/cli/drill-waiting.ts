/** What `drill -- COMMAND` says while it waits for a matching connection, and how long it waits. */
import { formatDuration } from '../settings/duration.ts'
import { hasEnded } from './drill-matching.ts'
import type { InsideNews } from './drill-news.ts'
import { complain } from './terminal.ts'

/** After this time without a matching connection, a message says what the drill waits for. */
const PATIENCE_MS = 5000

/** How long the drill waits for a matching connection without `--for`: long enough to send the program a request by hand. */
const WAIT_MS = 300_000

/** How long a command may take to start a process of Node, on a busy machine. */
const START_MS = 30_000

/** How long the drill waits for a matching connection, from the start of the first process of Node on. */
export function longestWait(time: number | undefined): number {
  return time ?? WAIT_MS
}

/** Prints what the drill waits for if it waits long, and ends the wait. */
export class Waiting {
  readonly #patterns: string
  readonly #most: number
  readonly #since = performance.now()
  /** When the first process of Node was there. */
  #startedAt: number | undefined
  #said = ''

  constructor(patterns: readonly string[], most: number) {
    this.#patterns = patterns.join(' or ')
    this.#most = most
  }

  /** @throws Error if the wait is over */
  look(news: readonly InsideNews[]): void {
    const now = performance.now()
    if (news.length > 0) this.#startedAt ??= now
    const isOver =
      this.#startedAt === undefined
        ? now - this.#since > Math.max(this.#most, START_MS)
        : now - this.#startedAt > this.#most
    if (!isOver && now - this.#since < PATIENCE_MS) return
    if (news.some((each) => 'isSettling' in each && !hasEnded(each.pid))) return
    const text = this.#text(news)
    if (isOver) throw new Error(`no matching connection within ${formatDuration(this.#most)}: ${text}`)
    if (text !== this.#said) complain(`still waiting: ${text}`)
    this.#said = text
  }

  #text(news: readonly InsideNews[]): string {
    if (news.length === 0)
      return (
        "no process of Node has started with this command's environment (sudo and `su -` clear it, and a script may set its own NODE_OPTIONS). For such a " +
        'process, and for other programs, use drill PID'
      )
    const others = news.flatMap((each) => ('peers' in each && each.peers !== '' ? [each] : []))
    const where = others.map(({ pid, peers }) => `process ${pid} is connected to ${peers}`)
    return others.length === 0
      ? 'the program has no connection so far'
      : `${where.join('; ')}; none matches ${this.#patterns}`
  }
}
