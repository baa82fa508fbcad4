/** The search of one install that reaches the whole process: finds the connections that no hook sees, and sets its values on them. */
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

/** The binding's answer when another thread of the process already looks for the same. */
const NOT_MY_TURN = -1

/** The look is not finished yet: the machine is busy, or a socket's owner closes it with SO_LINGER, which blocks. */
const NOT_READY = -2

/**
 * How long the program waits for a look that has just begun. A look takes about a microsecond per descriptor. If it is not finished
 * by then, later calls ask for its result without waiting.
 */
const LONGEST_WAIT_MS = 50

/** The number of new connections that one call of the binding can return. */
const ROOM = 256

export class Search {
  readonly #wanted: Reaching
  readonly #id: number
  readonly #rows = new Int32Array(ROOM * ROW)
  #isPending = false
  /** Whether the match was shared with the other threads. */
  #isShared = false

  /** @throws a system error if this process may not duplicate descriptors */
  constructor(wanted: Reaching) {
    this.#wanted = wanted
    const id = native().beginLooking(purposeOf(wanted))
    if (id < 0) throw systemError(-id, 'descriptors cannot be duplicated in a table of their own')
    this.#id = id
  }

  get values(): Reaching['values'] {
    return this.#wanted.values
  }

  /** Whether any connection has matched, in this thread or in another one that wants the same. */
  get hasMatched(): boolean {
    return native().shareMatch(this.#id, false)
  }

  /** Whether the last look was not finished, so that its result must be asked for again. */
  get isPending(): boolean {
    return this.#isPending
  }

  end(): void {
    native().endLooking(this.#id)
  }

  /**
   * Looks for new connections in the process, and sets the values on them. If the look is not finished, {@link isPending} is true
   * afterwards, and another call goes on with it.
   *
   * @param newer the installs that take precedence over this one
   * @throws a system error if the system's list of listeners cannot be read
   */
  look(newer: readonly Search[]): void {
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

  #adopt(count: number, newer: readonly Search[]): void {
    let chosen = 0
    for (let index = 0; index < count; index++) {
      const found = new Found(this.#rows, index)
      if (this.#isMeant(found, newer)) found.moveTo(chosen++)
    }
    if (chosen === 0) return
    const status = native().adoptConnections(this.#id, this.#rows, chosen, this.#numbers())
    for (let index = 0; index < chosen; index++) report(new Found(this.#rows, index))
    if (status < 0) throw systemError(-status, 'descriptors cannot be duplicated')
  }

  /** A connection that is checked again has matched before. */
  #isMeant(found: Found, newer: readonly Search[]): boolean {
    if (found.isRecheck) return true
    const { peer } = found
    if (!this.matches(peer)) return false
    this.#wanted.onMatch()
    if (!this.#isShared) this.#isShared = native().shareMatch(this.#id, true)
    return !newer.some((each) => each.matches(peer))
  }

  /**
   * The values in the form that the binding takes. A user timeout that was solved for a deadline is left out: it would have to be lifted
   * while the peer's window is closed, and reset before the owner closes, and no code of ours runs then.
   */
  #numbers(): Int32Array {
    const { enabled, timeSeconds, intervalSeconds, retries, deadlineMs, userTimeoutMs } = this.values
    const timeout = deadlineMs === undefined && userTimeoutMs > 0 ? userTimeoutMs : LEAVE
    return Int32Array.of(Number(enabled), timeSeconds, intervalSeconds, retries, timeout)
  }
}

function report(found: Found): void {
  if (!found.isAdopted) return
  const { descriptor, peer, settings, refusal } = found
  if (refusal !== 0) reportRefusals({ descriptor, peer }, [statusError(refusal, 'setsockopt')])
  publishAdopted({ descriptor, peer, settings })
}

/**
 * Identifies what an install wants: its JSON text, as numbers. Threads that want the same share the work. Functions cannot be compared,
 * so an install with one never shares; the empty array stands for that.
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
