/** One question to a peer, whoever asks it, until its values are back in the connection. */
import { endsAtSilence, probeNow, ReplacedValues } from './harmless-values.ts'
import { type OpenQuestion, questions } from './open-questions.ts'
import { readProbed, type Probed } from './probed.ts'

/** Whose connection it is. */
export interface Asked {
  /** The descriptor, read in this very tick; `undefined` once it is no longer that connection's. */
  descriptor(): number | undefined
  /** Calls before the descriptor is closed. Returns what ends that. */
  beforeClose(call: (descriptor: number) => void): () => void
}

interface Waiter {
  readonly until: number
  readonly resolve: (answer: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Between two probes at first, in milliseconds; then twice as long each time. */
const FIRST_GAP_MS = 50
const LONGEST_GAP_MS = 1000

/** In the long run a tenth of the time so far lies between two probes, so that hours take fewer than the kernel counts. */
const GAP_SHARE = 10

/** Of the 127 unanswered probes that end a connection even now; more than these are never sent. */
const MOST_PROBES = 120

/** From so many on a new call waits for the next probe that is due anyway, so that there are some left for the end. */
const MANY_PROBES = 60

/** Between two looks: an eighth of the time so far, within limits. */
const LOOK_SHARE = 8
const SHORTEST_LOOK_MS = 4
const LONGEST_LOOK_MS = 50
const LONGEST_LOOK_UNWATCHED_MS = 1000

export class Question implements OpenQuestion {
  readonly #asked: Asked
  readonly #fd: number
  #waiters: Waiter[] = []
  #replaced: ReplacedValues | undefined
  /** The silence when it was asked: the peer has answered once it is shorter. */
  #silence: number
  #isAnswered = false
  #startedAt: number = performance.now()
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

  /** @param found what is known of the connection at this moment */
  answer(within: number, found: Probed): Promise<boolean> {
    if (this.#waiters.length === 0) {
      this.#silence = found.silence
      this.#isAnswered = false
      if (found.unanswered < MANY_PROBES) {
        this.#nextProbeAt = Math.min(this.#nextProbeAt, this.#probedAt + LONGEST_GAP_MS)
      }
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ until: performance.now() + within, resolve, reject })
      this.#look()
    })
  }

  #look(): void {
    clearTimeout(this.#timer)
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

  /** When the program's own values endanger no connection that lives. */
  #mayPutBack(fd: number, found: Probed): boolean {
    const replaced = this.#replaced
    if (!replaced) return false
    // The kernel would have ended it by now: so it may.
    if (found.silence >= replaced.endsAtSilence) return true
    if (this.#isAnswered && found.unanswered === 0) {
      replaced.putTimeBack(fd)
      return readProbed(fd)?.unanswered === 0
    }
    // Without keepalive no unanswered probe ends anything; with data in flight the kernel's other timer decides.
    return this.#waiters.length === 0 && (!replaced.wasEnabled || found.isInFlight)
  }

  #probe(fd: number, found: Probed): void {
    const now = performance.now()
    // Data in flight is sent again by itself, and its acknowledgement answers as well; a probe is not sent then.
    if (found.isInFlight || now < this.#nextProbeAt || found.unanswered >= MOST_PROBES) return
    if (this.#replaced === undefined) {
      // The kernel is about to end it, and is left to.
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
    const now = performance.now()
    const isWatched = this.#waiters.length > 0
    const longest = isWatched ? LONGEST_LOOK_MS : LONGEST_LOOK_UNWATCHED_MS
    const share = Math.max(SHORTEST_LOOK_MS, (now - this.#startedAt) / LOOK_SHARE)
    const until = Math.min(...this.#waiters.map((waiter) => waiter.until))
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.min(share, longest, until - now)))
    // Somebody waits for the answer; nobody for the values.
    if (!isWatched) this.#timer.unref()
  }

  #settle(answer: boolean): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve(answer)
  }

  /** Those whose time is over get their answer: nothing was heard. */
  #expire(): void {
    const now = performance.now()
    const over = this.#waiters.filter(({ until }) => until <= now)
    if (over.length === 0) return
    this.#waiters = this.#waiters.filter(({ until }) => until > now)
    for (const { resolve } of over) resolve(false)
  }

  #end(answer: boolean): void {
    clearTimeout(this.#timer)
    this.#forget?.()
    this.#forget = undefined
    this.#replaced = undefined
    if (questions.get(this.#fd) === this) questions.delete(this.#fd)
    this.#settle(answer)
  }
}
