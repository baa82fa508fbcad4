/**
 * The regular look at the connections with a deadline. The kernel ends connections, never a timer of ours: a late or
 * missing sweep at worst leaves the kernel's own rule.
 */
import { AsyncResource } from 'node:async_hooks'
import { performance } from 'node:perf_hooks'
import { clearInterval, setInterval } from 'node:timers'
import { reportFailure } from '../socket/failure.ts'
import type { ConnectionHandle } from '../socket/node-internals.ts'
import { isAsking } from '../socket/open-questions.ts'
import { Stamp } from '../socket/stamp.ts'
import { LOOKS_PER_DEADLINE } from './rule.ts'
import { type DeadlineKernel, lookAt, ROW_LENGTH, type Watched } from './watched.ts'

/** Taken at import: fake timers that a test puts in later must neither stop the sweep nor see it, nor set its clock. */
const timers = { clearInterval, setInterval }
export const clock: () => number = performance.now.bind(performance)

/**
 * The timer is made here, and not by the request that happens to open the first connection, whose
 * `AsyncLocalStorage` it would keep for as long as it runs.
 */
const outside = new AsyncResource('TCPKEEPALIVESWEEP')

/** A closed handle is kept until the next sweep at the latest, so there is one even for a deadline of hours. */
const LONGEST_PERIOD_MS = 60_000

/** So many connections are asked with the memory that stays. */
const ROOM = 64

/** Finds a connection again by its handle, without a table. */
class OnHandle extends Stamp {
  #watched: Watched | undefined

  private constructor(handle: object, watched: Watched) {
    super(handle)
    this.#watched = watched
  }

  static get(handle: object): Watched | undefined {
    return #watched in handle ? handle.#watched : undefined
  }

  static put(handle: object, watched: Watched | undefined): void {
    if (#watched in handle) handle.#watched = watched
    // oxlint-disable-next-line no-new -- which changes the handle
    else if (watched !== undefined) new OnHandle(handle, watched)
  }
}

/** What happens beside the looks, while any connection is watched or expected. */
export interface WhileWatching {
  begin(): void
  end(): void
}

export class Sweep {
  readonly #kernel: DeadlineKernel
  readonly #beside: WhileWatching
  /**
   * In any order. The handles are not held weakly: libuv keeps an open one alive anyway, and a closed one leaves at the next sweep.
   * To ask a WeakRef costs five times what the rest of a look at an idle connection does.
   */
  readonly #watched: Watched[] = []
  /** Connections, and those who expect some. */
  #users = 0
  #timer: NodeJS.Timeout | undefined
  #periodMs = Number.POSITIVE_INFINITY
  #rows = new Int32Array(ROOM * ROW_LENGTH)
  readonly #asked: Watched[] = []

  constructor(kernel: DeadlineKernel, beside: WhileWatching) {
    this.#kernel = kernel
    this.#beside = beside
  }

  get size(): number {
    return this.#watched.length
  }

  /** The time between two sweeps; `undefined` while there are none. */
  get periodMs(): number | undefined {
    return this.#timer && this.#periodMs
  }

  get(handle: ConnectionHandle): Watched | undefined {
    const found = OnHandle.get(handle)
    return found !== undefined && this.#watched[found.place] === found ? found : undefined
  }

  all(): Iterable<Watched> {
    return this.#watched
  }

  /** Looks at a connection from now on, in place of what is {@link get known} of it from before. */
  add(watched: Watched, known: Watched | undefined): void {
    if (known === undefined) this.expect()
    watched.place = known === undefined ? this.#watched.length : known.place
    this.#watched[watched.place] = watched
    OnHandle.put(watched.handle, watched)
    const periodMs = periodFor(watched.detectWithinMs)
    if (this.#timer === undefined || periodMs < this.#periodMs) this.#startTimer(periodMs)
  }

  /**
   * The timer goes on until its next tick: a program that opens one connection after the other would start and stop it for
   * each, which costs more than all the rest that a deadline adds.
   */
  delete(watched: Watched): void {
    const last = this.#watched.at(-1)
    if (last === undefined || this.#watched[watched.place] !== watched) return
    this.#watched[watched.place] = last
    last.place = watched.place
    this.#watched.pop()
    OnHandle.put(watched.handle, undefined)
    this.expectNoMore()
  }

  /**
   * What happens beside the looks begins, and goes on until {@link expectNoMore}: an install may open one connection after the other, and
   * would otherwise begin and end it for each.
   */
  expect(): void {
    if (this.#users++ === 0) this.#beside.begin()
  }

  expectNoMore(): void {
    if (--this.#users === 0) this.#beside.end()
  }

  #startTimer(periodMs: number): void {
    if (this.#timer) timers.clearInterval(this.#timer)
    this.#periodMs = periodMs
    this.#timer = outside.runInAsyncScope(() => timers.setInterval(this.#sweepSafely, periodMs))
    this.#timer.unref()
  }

  #stop(): void {
    if (this.#timer) timers.clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#rows.length > ROOM * ROW_LENGTH) this.#rows = new Int32Array(ROOM * ROW_LENGTH)
  }

  readonly #sweepSafely = (): void => {
    try {
      this.sweep()
    } catch (error) {
      reportFailure(this, error)
    }
  }

  /** One look at each connection whose turn it is: one call of the binding for all that have to be asked. */
  sweep(): void {
    const shortestMs = this.#chooseAsked()
    const asked = this.#asked
    try {
      if (asked.length > 0) this.#kernel.readWindows(this.#rows, asked.length)
      const now = clock()
      for (let index = 0; index < asked.length; index++) {
        const watched = asked[index] as Watched
        const at = index * ROW_LENGTH
        const descriptor = this.#rows[at] as number
        const look = lookAt(this.#rows, at)
        if (!watched.act(this.#kernel, descriptor, look, now)) this.delete(watched)
      }
    } finally {
      asked.length = 0
    }
    if (this.#watched.length === 0) this.#stop()
    else if (shortestMs > this.#periodMs) this.#startTimer(shortestMs)
  }

  /** @returns the shortest period that any connection still needs */
  #chooseAsked(): number {
    let shortestMs = Number.POSITIVE_INFINITY
    // Backwards: where one is deleted, the last takes its place.
    for (let place = this.#watched.length - 1; place >= 0; place--) {
      const watched = this.#watched[place] as Watched
      const periodMs = periodFor(watched.detectWithinMs)
      if (periodMs < shortestMs) shortestMs = periodMs
      if (--watched.sweepsLeft > 0) continue
      watched.sweepsLeft = Math.floor(periodMs / this.#periodMs)
      // Read in the tick in which it is used: the number of a closed descriptor may be somebody else's.
      const { fd } = watched.handle
      if (fd < 0) this.delete(watched)
      // A question to the peer has the user timeout at 0, and puts back what it found.
      else if (watched.mustBeAsked() && !isAsking(fd)) this.#ask(watched, fd)
    }
    return shortestMs
  }

  #ask(watched: Watched, fd: number): void {
    const at = this.#asked.push(watched) * ROW_LENGTH - ROW_LENGTH
    if (at === this.#rows.length) this.#grow()
    this.#rows[at] = fd
  }

  #grow(): void {
    const larger = new Int32Array(this.#rows.length * 2)
    larger.set(this.#rows)
    this.#rows = larger
  }
}

function periodFor(detectWithinMs: number): number {
  return Math.min(detectWithinMs / LOOKS_PER_DEADLINE, LONGEST_PERIOD_MS)
}
