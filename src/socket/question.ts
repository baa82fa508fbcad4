/** One question to a peer. All calls of `probePeer()` on a connection share it, until the program's values are restored. */
import { clock, timers } from './clock.ts'
import { endsAtSilence, probeNow, ReplacedValues } from './harmless-values.ts'
import { type OpenQuestion, questions } from './open-questions.ts'
import { readProbed, type Probed } from './probed.ts'

/** The connection of a question. */
export interface Asked {
  /** The descriptor, valid in this tick; `undefined` once it no longer belongs to the connection. */
  descriptor(): number | undefined
  /** Calls before the descriptor is closed. Returns a function that ends it. */
  beforeClose(call: (descriptor: number) => void): () => void
}

interface Waiter {
  readonly until: number
  readonly resolve: (answer: boolean) => void
  readonly reject: (error: unknown) => void
}

/** The time between the first two probes, in milliseconds. It doubles with each probe. */
const FIRST_GAP_MS = 50
const LONGEST_GAP_MS = 1000

/** In the long run, the time between two probes is a tenth of the time so far, so that even hours need few probes. */
const GAP_SHARE = 10

/** The most probes that are sent. With harmless values, a connection ends after 127 unanswered probes. */
const MOST_PROBES = 120

/** From this number on, a new call sends no extra probe but waits for the next one that is due, to save probes for later. */
const MANY_PROBES = 60

/** The time between two looks is an eighth of the time so far, within limits. */
const LOOK_SHARE = 8
const SHORTEST_LOOK_MS = 4
const LONGEST_LOOK_MS = 50
const LONGEST_LOOK_UNWATCHED_MS = 1000

export class Question implements OpenQuestion {
  readonly #asked: Asked
  readonly #fd: number
  #waiters: Waiter[] = []
  #replaced: ReplacedValues | undefined
  /** The silence at the time of the question. Once the silence is shorter, the peer has answered. */
  #silence: number
  #isAnswered = false
  #startedAt: number = clock()
  #probes = 0
  #probedAt = 0
  #nextProbeAt = 0
  #timer: NodeJS.Timeout | undefined
  #forget: (() => void) | undefined

  constructor(asked: Asked, fd: number, found: Probed) {
    this.#asked = asked
    this.#fd = fd
    this.#silence = found.silence
    questions.set(fd, this)
  }

  holdsOn(descriptor: number): boolean {
    return this.#replaced !== undefined && this.isOf(descriptor)
  }

  isOf(descriptor: number): boolean {
    return this.#asked.descriptor() === descriptor
  }

  /** @param found the current state of the connection */
  answer(within: number, found: Probed): Promise<boolean> {
    if (this.#waiters.length === 0) {
      this.#silence = found.silence
      this.#isAnswered = false
      if (found.unanswered < MANY_PROBES) {
        this.#nextProbeAt = Math.min(this.#nextProbeAt, this.#probedAt + LONGEST_GAP_MS)
      }
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ until: clock() + within, resolve, reject })
      this.#look()
    })
  }

  #look(): void {
    timers.clearTimeout(this.#timer)
    try {
      const fd = this.#asked.descriptor()
      const found = fd === undefined ? undefined : readProbed(fd)
      if (fd === undefined || !found || found.hasEnded) {
        if (fd !== undefined) this.#replaced?.putBack(fd)
        this.#end(false)
        return
      }
      this.#step(fd, found)
    } catch (error) {
      const waiters = this.#waiters
      this.#end(false)
      for (const { reject } of waiters) reject(error)
    }
  }

  #step(fd: number, found: Probed): void {
    if (found.silence < this.#silence) {
      this.#isAnswered = true
      this.#settle(true)
    }
    this.#expire()
    if (this.#mayPutBack(fd, found)) {
      this.#replaced?.putBack(fd)
      this.#replaced = undefined
    }
    if (this.#waiters.length === 0 && this.#replaced === undefined) {
      this.#end(false)
      return
    }
    if (!this.#isAnswered || found.unanswered > 0) this.#probe(fd, found)
    this.#lookAgain()
  }

  /** Whether the program's own values would not end a living connection now. */
  #mayPutBack(fd: number, found: Probed): boolean {
    const replaced = this.#replaced
    if (!replaced) return false
    // With the program's values the kernel would have ended the connection by now, so it may end it.
    if (found.silence >= replaced.endsAtSilence) return true
    if (this.#isAnswered && found.unanswered === 0) {
      replaced.putTimeBack(fd)
      return readProbed(fd)?.unanswered === 0
    }
    // Without keepalive, unanswered probes end nothing. With data in flight, the retransmission timer decides.
    return this.#waiters.length === 0 && (!replaced.wasEnabled || found.isInFlight)
  }

  #probe(fd: number, found: Probed): void {
    const now = clock()
    // The kernel retransmits data in flight, and the acknowledgement is the answer. It sends no probe then.
    if (found.isInFlight || now < this.#nextProbeAt || found.unanswered >= MOST_PROBES) return
    if (this.#replaced === undefined) {
      // The kernel is about to end the connection. Let it do so.
      if (found.silence >= endsAtSilence(fd)) return
      const replaced = new ReplacedValues(fd)
      this.#replaced = replaced
      this.#forget?.()
      this.#forget = this.#asked.beforeClose((open) => replaced.putBack(open))
    }
    probeNow(fd)
    this.#probedAt = now
    const longest = Math.max(LONGEST_GAP_MS, (now - this.#startedAt) / GAP_SHARE)
    this.#nextProbeAt = now + Math.min(FIRST_GAP_MS * 2 ** this.#probes, longest)
    this.#probes++
  }

  #lookAgain(): void {
    const now = clock()
    const isWatched = this.#waiters.length > 0
    const longest = isWatched ? LONGEST_LOOK_MS : LONGEST_LOOK_UNWATCHED_MS
    const share = Math.max(SHORTEST_LOOK_MS, (now - this.#startedAt) / LOOK_SHARE)
    const until = Math.min(...this.#waiters.map((waiter) => waiter.until))
    this.#timer = timers.setTimeout(() => this.#look(), Math.max(1, Math.min(share, longest, until - now)))
    // A caller that waits for the answer keeps the program running. Restoring the values does not.
    if (!isWatched) this.#timer.unref()
  }

  #settle(answer: boolean): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve(answer)
  }

  /** Answers `false` to all callers whose time is over. */
  #expire(): void {
    const now = clock()
    const over = this.#waiters.filter(({ until }) => until <= now)
    if (over.length === 0) return
    this.#waiters = this.#waiters.filter(({ until }) => until > now)
    for (const { resolve } of over) resolve(false)
  }

  #end(answer: boolean): void {
    timers.clearTimeout(this.#timer)
    this.#forget?.()
    this.#forget = undefined
    this.#replaced = undefined
    if (questions.get(this.#fd) === this) questions.delete(this.#fd)
    this.#settle(answer)
  }
}
