/** What one install wants on the connections that no hook sees, and one look for them. */
import type { Reaching } from '../hold/install-in-process.ts'
import { coded } from '../settings/errors.ts'
import type { Peer } from '../settings/match.ts'
import { LEAVE } from '../settings/options.ts'
import { statusError } from '../socket/errors.ts'
import { reportFailure, reportRefusals } from '../socket/failure.ts'
import { native } from '../socket/native.ts'
import { nodeUtil } from '../socket/node-modules.ts'
import { publishAdopted } from './announce.ts'
import { Found, ROW } from './found.ts'

/** What the binding answers where another thread of the process looks for the same. */
const NOT_MY_TURN = -1

/** The look is not ready yet: the machine is busy, or the owner of a socket closes it in a way that waits. */
const NOT_READY = -2

/**
 * So long the program waits for a look that has just begun. It takes a microsecond for a descriptor; one that was not ready by then is
 * asked for again without waiting.
 */
const LONGEST_WAIT_MS = 50

/** Room for so many new connections at a time. */
const ROOM = 256

export class ReachClaim {
  readonly #wanted: Reaching
  readonly #id: number
  readonly #rows = new Int32Array(ROOM * ROW)
  #isPending = false
  /** Whether the other threads know that something has matched. */
  #isShared = false

  /** @throws an error of the system where it does not let this process duplicate a descriptor */
  constructor(wanted: Reaching) {
    this.#wanted = wanted
    const id = native().beginLooking(purposeOf(wanted))
    if (id < 0) throw systemError(-id, 'descriptors cannot be duplicated in a table of their own')
    this.#id = id
  }

  get values(): Reaching['values'] {
    return this.#wanted.values
  }

  /** Whether anything has matched, in whichever thread that wants the same. */
  get hasMatched(): boolean {
    return native().shareMatch(this.#id, false)
  }

  /** Whether the last look was not ready, and is to be asked for again. */
  get isPending(): boolean {
    return this.#isPending
  }

  end(): void {
    native().endLooking(this.#id)
  }

  /**
   * Looks over the process, and puts the values into what is new; later, where it is pending then.
   *
   * @param newer the installs that come before this one
   * @throws an error of the system where it does not tell who listens
   */
  look(newer: readonly ReachClaim[]): void {
    const wait = this.#isPending ? 0 : LONGEST_WAIT_MS
    this.#isPending = false
    for (;;) {
      const count = native().lookForConnections(this.#id, this.#rows, wait)
      if (count === NOT_MY_TURN) return
      if (count === NOT_READY) {
        this.#isPending = true
        return
      }
      if (count < NOT_READY) throw systemError(NOT_READY - count, 'who listens on which port cannot be read')
      this.#adopt(Math.min(count, ROOM), newer)
      if (count <= ROOM) return
    }
  }

  matches(peer: Peer): boolean {
    try {
      return this.#wanted.matcher.late(peer)
    } catch (error) {
      reportFailure(peer, error)
      return false
    }
  }

  #adopt(count: number, newer: readonly ReachClaim[]): void {
    let chosen = 0
    for (let index = 0; index < count; index++) {
      const found = new Found(this.#rows, index)
      if (this.#isMeant(found, newer)) found.moveTo(chosen++)
    }
    if (chosen === 0) return
    const status = native().adoptConnections(this.#id, this.#rows, chosen, this.#numbers())
    for (let index = 0; index < chosen; index++) tell(new Found(this.#rows, index))
    if (status < 0) throw systemError(-status, 'descriptors cannot be duplicated')
  }

  /** What is checked once more has matched already. */
  #isMeant(found: Found, newer: readonly ReachClaim[]): boolean {
    if (found.isRecheck) return true
    const { peer } = found
    if (!this.matches(peer)) return false
    this.#wanted.onMatch()
    if (!this.#isShared) this.#isShared = native().shareMatch(this.#id, true)
    return !newer.some((each) => each.matches(peer))
  }

  /**
   * As the binding takes them. A user timeout that was solved for a deadline would have to be lifted, and put back before its owner
   * closes: nobody could.
   */
  #numbers(): Int32Array {
    const { enabled, timeSeconds, intervalSeconds, retries, deadlineMs, userTimeoutMs } = this.values
    const timeout = deadlineMs === undefined && userTimeoutMs > 0 ? userTimeoutMs : LEAVE
    return Int32Array.of(Number(enabled), timeSeconds, intervalSeconds, retries, timeout)
  }
}

function tell(found: Found): void {
  if (!found.isAdopted) return
  const { descriptor, peer, settings, refusal } = found
  if (refusal !== 0) reportRefusals({ descriptor, peer }, [statusError(refusal, 'setsockopt')])
  publishAdopted({ descriptor, peer, settings })
}

/**
 * Threads that want the same share the work: the text of what they want, as numbers. A function cannot be compared: it is alone,
 * which is what no number says.
 */
function purposeOf({ values, match }: Reaching): Int32Array {
  const text = typeof match === 'function' ? '' : JSON.stringify([values, match ?? null])
  return Int32Array.from(text, (character) => character.codePointAt(0) ?? 0)
}

function systemError(errno: number, what: string): Error {
  const code = nodeUtil().getSystemErrorName(-errno)
  const reason = code === 'EAGAIN' ? 'no thread can be started' : what
  return Object.assign(coded(new Error(`reach: ${reason}: ${code}`), code), { errno: -errno })
}
