/**
 * The regular look at the connections with a deadline. Only the kernel ends connections, never a timer of ours. If a sweep
 * is late or missing, the user timeout of the last look stays in force.
 */
import { AsyncResource } from 'node:async_hooks'
import { clock, timers } from '../socket/clock.ts'
import { reportFailure } from '../socket/failure.ts'
import type { ConnectionHandle } from '../socket/node-internals.ts'
import { isAsking } from '../socket/open-questions.ts'
import { Stamp } from '../socket/stamp.ts'
import { LOOKS_PER_DEADLINE } from './rule.ts'
import { type DeadlineKernel, lookAt, ROW_LENGTH, type Watched } from './watched.ts'

/**
 * The async context of the timer. Without it the timer would keep the `AsyncLocalStorage` of the request that happens to
 * open the first connection.
 */
const outside = new AsyncResource('TCPKEEPALIVESWEEP')

/** The sweep also drops closed handles, so it runs this often even for a deadline of hours. */
const LONGEST_PERIOD_MS = 60_000

/** The number of rows that stay allocated. */
const ROOM = 64

/** Stores a connection in a private field of its handle, so that no table is needed to find it. */
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
    // oxlint-disable-next-line no-new -- the constructor adds the field to the handle
    else if (watched !== undefined) new OnHandle(handle, watched)
  }
}

/** Begins with the first connection that is watched or expected, and ends with the last. */
export interface WhileWatching {
  begin(): void
  end(): void
}

export class Sweep {
  readonly #kernel: DeadlineKernel
  readonly #beside: WhileWatching
  /**
   * In any order. The references to the handles are strong: libuv keeps an open handle alive anyway, and the next sweep drops a closed
   * one. Reading a WeakRef costs five times as much as the rest of a look at an idle connection.
   *
   * Places from {@link size} on are empty until the next sweep. Otherwise a program that opens one connection after the other would
   * have V8 free and allocate the array for each.
   */
  readonly #watched: (Watched | undefined)[] = []
  #size = 0
  /** The number of connections, plus the number of {@link expect} calls that have not ended. */
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
    return this.#size
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
    return this.#watched.slice(0, this.#size) as Watched[]
  }

  /** Adds a connection, in place of the entry that {@link get} returned for it. */
  add(watched: Watched, known: Watched | undefined): void {
    if (known === undefined) this.expect()
    watched.place = known === undefined ? this.#size++ : known.place
    this.#watched[watched.place] = watched
    OnHandle.put(watched.handle, watched)
    const periodMs = periodFor(watched.detectWithinMs)
    if (this.#timer === undefined) this.#startTimer(periodMs)
    else if (periodMs < this.#periodMs) this.#change(periodMs)
  }

  /**
   * The timer runs until its next tick even without connections. Otherwise a program that opens one connection after the
   * other would start and stop it for each, which costs more than everything else that a deadline adds.
   */
  delete(watched: Watched): void {
    if (this.#watched[watched.place] !== watched) return
    const last = this.#watched[--this.#size] as Watched
    this.#watched[watched.place] = last
    last.place = watched.place
    this.#watched[this.#size] = undefined
    OnHandle.put(watched.handle, undefined)
    this.expectNoMore()
  }

  /**
   * Keeps {@link WhileWatching} going until {@link expectNoMore}. Otherwise it would begin and end with each connection of an install
   * that opens one after the other.
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

  /** Looks at each connection whose turn it is, with one call of the binding for all of them. */
  sweep(): void {
    const shortestMs = this.#chooseAsked()
    const asked = this.#asked
    try {
      const began = clock()
      if (asked.length > 0) this.#kernel.readWindows(this.#rows, asked.length)
      const now = clock()
      for (let index = 0; index < asked.length; index++) {
        const watched = asked[index] as Watched
        const at = index * ROW_LENGTH
        const descriptor = this.#rows[at] as number
        const look = lookAt(this.#rows, at)
        if (!watched.act(this.#kernel, descriptor, look, now, began)) this.delete(watched)
      }
    } finally {
      asked.length = 0
    }
    this.#watched.length = this.#size
    if (this.#size === 0) this.#stop()
    else if (shortestMs > this.#periodMs) this.#change(shortestMs)
  }

  /**
   * The next sweep comes a whole new period from now, and the sweeps that are left were counted in the old one. So all are looked at now.
   * Otherwise a look would come too late, sometimes by most of a deadline.
   */
  #change(periodMs: number): void {
    this.#startTimer(periodMs)
    for (let place = 0; place < this.#size; place++) (this.#watched[place] as Watched).sweepsLeft = 0
    this.#sweepSafely()
  }

  /** @returns the shortest period that any connection still needs */
  #chooseAsked(): number {
    let shortestMs = Number.POSITIVE_INFINITY
    // Backwards, because the last entry takes the place of a deleted one.
    for (let place = this.#size - 1; place >= 0; place--) {
      const watched = this.#watched[place] as Watched
      const periodMs = periodFor(watched.detectWithinMs)
      if (periodMs < shortestMs) shortestMs = periodMs
      if (--watched.sweepsLeft > 0) continue
      watched.sweepsLeft = Math.floor(periodMs / this.#periodMs)
      // Read in the same tick in which it is used: after a close, the number may belong to another file.
      const { fd } = watched.handle
      if (fd < 0) this.delete(watched)
      // `probe()` sets the user timeout to 0 while it asks the peer, and restores it afterwards.
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
