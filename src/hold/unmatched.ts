/**
 * Reports an install whose `match` matches nothing, though connections are made. Usually its name or port is not the one that the
 * program connects to. It is reported once, a minute after the first such connection, or when the process ends.
 */
import { AsyncResource } from 'node:async_hooks'
import { timers } from '../socket/clock.ts'
import { publishUnmatched } from './channels.ts'

/** The timer's async context. Without it the timer would keep the `AsyncLocalStorage` of the request that opened the first connection. */
const outside = new AsyncResource('TCPKEEPALIVEUNMATCHED')

const PATIENCE_MS = 60_000

/** Only the first destinations are counted, up to this number. */
const MOST_DESTINATIONS = 100

/** The number of destinations in the report. */
const MOST_SAID = 3

/** Those with unmatched destinations. All share one listener for the end of the process. */
const open = new Set<Unmatched>()

function sayAll(): void {
  for (const unmatched of open) unmatched.say()
}

interface Missed {
  readonly host: string
  readonly port: number
  count: number
}

/** The unmatched destinations of one install, until a connection matches. */
export class Unmatched {
  readonly #found = new Map<string, Missed>()
  #last: Missed | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  readonly #hasMatchedUnseen: () => boolean

  /** @param hasMatchedUnseen called before the report: whether a connection that no hook saw has matched */
  constructor(hasMatchedUnseen: () => boolean) {
    this.#hasMatchedUnseen = hasMatchedUnseen
  }

  note(host: string, port: number): void {
    if (this.#isOver) return
    // A program often connects to the same destination again. Comparing it needs no string for a key.
    const last = this.#last
    if (last !== undefined && last.port === port && last.host === host) last.count++
    else this.#noteOther(host, port)
  }

  #noteOther(host: string, port: number): void {
    if (this.#timer === undefined) this.#begin()
    const key = `${host} ${port}`
    const known = this.#found.get(key)
    if (known) known.count++
    else if (this.#found.size < MOST_DESTINATIONS) this.#found.set(key, { host, port, count: 1 })
    this.#last = this.#found.get(key)
  }

  /** Called when a connection matches, when the install has ended, or after the report. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#found.clear()
    this.#last = undefined
    if (this.#timer === undefined) return
    timers.clearTimeout(this.#timer)
    open.delete(this)
    if (open.size === 0) process.removeListener('exit', sayAll)
  }

  say(): void {
    // oxlint-disable-next-line unicorn/no-array-sort -- Node 18 has no toSorted()
    const most = [...this.#found.values()].sort((one, other) => other.count - one.count)
    this.end()
    if (!this.#hasMatchedUnseen()) publishUnmatched(most.slice(0, MOST_SAID))
  }

  #begin(): void {
    this.#timer = outside.runInAsyncScope(() => timers.setTimeout(() => this.say(), PATIENCE_MS))
    this.#timer.unref()
    if (open.size === 0) process.on('exit', sayAll)
    open.add(this)
  }
}
