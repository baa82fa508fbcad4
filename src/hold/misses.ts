/**
 * An install whose `match` fits nothing, though connections are made: most often the name or port in it is not the one that the
 * program connects to. It is said once, a minute after the first such connection, or when the process ends.
 */
import { publishUnmatched } from './channels.ts'

/** Taken at import, as fake timers must not hold it up. */
const { setTimeout: later, clearTimeout: never } = globalThis

const PATIENCE_MS = 60_000

/** Of more destinations only those that came first are counted. */
const MOST_DESTINATIONS = 100

/** How many of them are said. */
const MOST_SAID = 3

/** Those that have something to say; all share one listener for the end of the process. */
const open = new Set<Misses>()

function sayAll(): void {
  for (const misses of open) misses.say()
}

/** Of one install, until something fits. */
export class Misses {
  readonly #found = new Map<string, { host: string; port: number; count: number }>()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  note(host: string, port: number): void {
    if (this.#isOver) return
    if (this.#timer === undefined) this.#begin()
    const key = `${host} ${port}`
    const known = this.#found.get(key)
    if (known) known.count++
    else if (this.#found.size < MOST_DESTINATIONS) this.#found.set(key, { host, port, count: 1 })
  }

  /** Something fits, or the install has ended, or it was said. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#found.clear()
    if (this.#timer === undefined) return
    never(this.#timer)
    open.delete(this)
    if (open.size === 0) process.removeListener('exit', sayAll)
  }

  say(): void {
    // oxlint-disable-next-line unicorn/no-array-sort -- Node 18 has no toSorted()
    const most = [...this.#found.values()].sort((one, other) => other.count - one.count)
    this.end()
    publishUnmatched(most.slice(0, MOST_SAID))
  }

  #begin(): void {
    this.#timer = later(() => this.say(), PATIENCE_MS)
    this.#timer.unref()
    if (open.size === 0) process.on('exit', sayAll)
    open.add(this)
  }
}
