/** One connection with a deadline, as the sweep knows it. */
import { isPatience, looseRtoMaxFor, rtoMaxFor, unboundedRtoMax } from '../settings/detect-within.ts'
import { type ConnectionHandle, hasCalledEnd } from '../socket/node-internals.ts'
import type { Bound } from './bound.ts'
import { isDrained, isReported, type Look, type Stage } from './look.ts'
import { firstPatience } from './patience.ts'
import { AT_FIRST, isToBeLifted, lifted, type Memory, remember, userTimeoutOf } from './rule.ts'

/** The functions of the binding that the sweep uses. index.d.ts documents their parameters. */
export interface DeadlineKernel {
  /** Fifteen numbers for each row: the descriptor, then the fields of a {@link Look} in their order. */
  readWindows(rows: Int32Array, count: number): void
  setUserTimeout(descriptor: number, userTimeoutMs: number, rtoMaxMs: number): number
  getUserTimeout(descriptor: number, values: Int32Array): number
  /** The sixth number is TCP_RTO_MAX_MS of a new socket. */
  systemKeepAlive(values: Int32Array): number
}

/** A deadline, and the user timeout that was solved for it. */
export interface SolvedDeadline {
  readonly detectWithinMs: number
  readonly userTimeoutMs: number
}

/** Numbers in a row of `readWindows`. */
export const ROW_LENGTH = 15

/** Leaves an option unchanged. */
const LEAVE = -1

/** Where the binding writes user timeout and TCP_RTO_MAX_MS. They are read immediately, so one array serves every call. */
const held = new Int32Array(2)

/**
 * The state of one connection. Its fields are `private` rather than `#private`, because one object is made for each connection: until
 * a class is used often, V8 defines each `#private` field by a runtime call of some 2,500 instructions.
 */
export class Watched {
  readonly handle: ConnectionHandle
  readonly detectWithinMs: number
  readonly solvedUserTimeoutMs: number
  /** What TCP_RTO_MAX_MS was before; negative where the system has no such option. */
  readonly rtoMaxBeforeMs: number
  private memory: Memory
  /** `bytesWritten` at the last look; 0 before the first. */
  private bytesWritten = 0
  /** Whether everything was acknowledged at the last look, and a FIN could be sent. */
  private wasEmpty = true
  private isNew = true
  /** Whether TCP_RTO_MAX_MS was reset while the connection is still watched. */
  private isReleased = false
  /** Whether TCP_RTO_MAX_MS is still unchanged, and is to be set at the first look. */
  private isRtoMaxDue: boolean
  /** The number of sweeps until the next look. */
  sweepsLeft = 0
  /** Its index in the sweep's list. */
  place = 0

  /**
   * @param memory what is known about a connection that is already lifted ({@link memoryOn})
   * @param isRtoMaxDue whether TCP_RTO_MAX_MS is still to be set, at the first look ({@link isQuickHandshake})
   */
  constructor(
    handle: ConnectionHandle,
    solved: SolvedDeadline,
    rtoMaxBeforeMs: number,
    memory: Memory = AT_FIRST,
    isRtoMaxDue: boolean = false,
  ) {
    this.handle = handle
    this.isRtoMaxDue = isRtoMaxDue
    this.memory = memory
    this.detectWithinMs = solved.detectWithinMs
    this.solvedUserTimeoutMs = solved.userTimeoutMs
    this.rtoMaxBeforeMs = rtoMaxBeforeMs
  }

  get stage(): Stage {
    return this.memory.stage
  }

  /** What the rule remembers. */
  get known(): Memory {
    return this.memory
  }

  /** The user timeout in force, in milliseconds. */
  get userTimeoutMs(): number {
    return this.#timeoutOf(this.memory)
  }

  isFor({ detectWithinMs, userTimeoutMs }: SolvedDeadline): boolean {
    return this.detectWithinMs === detectWithinMs && this.solvedUserTimeoutMs === userTimeoutMs
  }

  /**
   * Whether the kernel may hold data that the peer has not acknowledged. Data that waits in JavaScript changes `bytesWritten`
   * when Node passes it to libuv; data that waits in libuv is already counted.
   */
  mayBePending(): boolean {
    return !this.wasEmpty || this.handle.bytesWritten !== this.bytesWritten
  }

  /**
   * Whether a look is needed. The first one always is: another process may have written before it sent the socket to this one. After `end()`
   * each one is, because `bytesWritten` does not count the FIN. With TLS it counts the alert that is sent before it.
   */
  mustBeAsked(): boolean {
    return this.isNew || this.mayBePending() || hasCalledEnd(this.handle)
  }

  /**
   * Acts on a look that was read in this tick.
   *
   * @param now a monotonic time in milliseconds, read after the look
   * @param began the same, read before the look
   * @returns whether the connection is still to be watched
   */
  act(kernel: DeadlineKernel, descriptor: number, look: Look, now: number, began: number): boolean {
    this.bytesWritten = this.handle.bytesWritten
    // After the event loop was busy, the kernel's buffer may be empty while libuv still holds data.
    // With a window of 0, the FIN of a later `end()` or `destroy()` must wait.
    this.wasEmpty = isDrained(look) && look.sendWindow !== 0 && this.handle.writeQueueSize === 0
    this.isNew = false
    const before = this.memory
    this.memory = remember(before, look, this.detectWithinMs, now, began)
    return this.#change(kernel, descriptor, before) && isReported(look)
  }

  /**
   * Sets the options that differ from before. If other code has set the user timeout meanwhile, that value stays, and the lifting
   * ends.
   */
  #change(kernel: DeadlineKernel, descriptor: number, before: Memory): boolean {
    const { bound } = this.memory
    const userTimeoutMs = this.#timeoutOf(this.memory)
    const earlierMs = this.#timeoutOf(before)
    if (userTimeoutMs === earlierMs && bound === before.bound && !this.isRtoMaxDue) return true
    if (kernel.getUserTimeout(descriptor, held) !== 0 || held[0] !== earlierMs) return false
    const rtoMaxMs = this.#isRtoMaxOurs(before) ? this.#rtoMaxOf(bound) : LEAVE
    this.isRtoMaxDue = false
    const changedMs = userTimeoutMs === earlierMs ? LEAVE : userTimeoutMs
    return kernel.setUserTimeout(descriptor, changedMs, rtoMaxMs) === 0
  }

  #timeoutOf(memory: Memory): number {
    const rtoMaxMs = this.rtoMaxBeforeMs < 0 ? Number.POSITIVE_INFINITY : rtoMaxFor(this.detectWithinMs)
    return userTimeoutOf(memory, this.detectWithinMs, this.solvedUserTimeoutMs, rtoMaxMs)
  }

  #rtoMaxOf(bound: Bound): number {
    if (bound === 'none') return unboundedRtoMax(this.rtoMaxBeforeMs, this.detectWithinMs)
    return (bound === 'tight' ? rtoMaxFor : looseRtoMaxFor)(this.detectWithinMs)
  }

  /** Whether TCP_RTO_MAX_MS, which was just read, is what was put in; a value that somebody else has set meanwhile stays. */
  #isRtoMaxOurs({ bound }: Memory): boolean {
    if (this.rtoMaxBeforeMs < 0 || this.isReleased) return false
    return held[1] === (this.isRtoMaxDue ? this.rtoMaxBeforeMs : this.#rtoMaxOf(bound))
  }

  /** Resets only TCP_RTO_MAX_MS. The user timeout stays in the kernel. */
  releaseRtoMax(kernel: DeadlineKernel): void {
    const { fd } = this.handle
    if (fd >= 0 && kernel.getUserTimeout(fd, held) === 0 && this.#isRtoMaxOurs(this.memory))
      kernel.setUserTimeout(fd, LEAVE, this.rtoMaxBeforeMs)
    this.isReleased = true
    this.isRtoMaxDue = false
  }

  /**
   * Sets TCP_RTO_MAX_MS in addition to the solved user timeout. A kernel before 6.15 refuses it, and detects a dead peer later. If it is due
   * at the first look, nothing is set.
   */
  putRtoMax(kernel: DeadlineKernel): void {
    if (!this.isRtoMaxDue) kernel.setUserTimeout(this.handle.fd, LEAVE, this.#rtoMaxOf(this.memory.bound))
  }

  /** Sets TCP_RTO_MAX_MS again after {@link releaseRtoMax}. */
  takeBack(kernel: DeadlineKernel): void {
    if (this.isReleased) this.putRtoMax(kernel)
    this.isReleased = false
  }
}

/** Reads TCP_RTO_MAX_MS, before a deadline changes it. */
export function rtoMaxOn(kernel: DeadlineKernel, descriptor: number): number {
  return kernel.getUserTimeout(descriptor, held) === 0 ? (held[1] ?? LEAVE) : LEAVE
}

/** Buffer of {@link systemRtoMax}. The first five numbers are the system's keepalive. */
const system = new Int32Array(6)
let isSystemKnown = false

/**
 * TCP_RTO_MAX_MS of a socket that this process has just connected. It is read once: reading it from each socket would cost more than
 * everything else that a deadline adds to a connection.
 */
export function systemRtoMax(kernel: DeadlineKernel): number {
  if (!isSystemKnown && kernel.systemKeepAlive(system) !== 0) return LEAVE
  isSystemKnown = true
  return system[5] ?? LEAVE
}

/** Buffer of {@link userTimeoutFor}. */
const row = new Int32Array(ROW_LENGTH)

/**
 * The user timeout to set together with another deadline on a connection that has been written to. The kernel may have retransmitted for a
 * long time, and then the solved user timeout would end the connection at its next timer.
 */
export function userTimeoutFor(
  kernel: DeadlineKernel,
  descriptor: number,
  { detectWithinMs, userTimeoutMs }: SolvedDeadline,
  stage: Stage = 'solved',
): number {
  row[0] = descriptor
  kernel.readWindows(row, 1)
  const look = lookAt(row, 0)
  const isLifted = stage !== 'solved' || isToBeLifted(look, detectWithinMs)
  return isLifted ? firstPatience(look) : userTimeoutMs
}

/** What is known about a connection on which another deadline was just set, together with {@link userTimeoutFor}. */
export function memoryOn(
  kernel: DeadlineKernel,
  descriptor: number,
  solvedUserTimeoutMs: number,
  known: Watched | undefined,
): Memory {
  const isRead = kernel.getUserTimeout(descriptor, held) === 0
  const putMs = held[0] ?? LEAVE
  if (!isRead || putMs === solvedUserTimeoutMs || !isPatience(putMs)) return AT_FIRST
  return lifted(putMs, known?.known)
}

/** The row that `readWindows` has written at index `at`. */
export function lookAt(rows: Int32Array, at: number): Look {
  return {
    state: rows[at + 1] ?? -1,
    unacknowledged: rows[at + 2] ?? -1,
    unsent: rows[at + 3] ?? -1,
    unansweredProbes: rows[at + 4] ?? -1,
    retransmits: rows[at + 5] ?? -1,
    silentFor: rows[at + 6] ?? -1,
    sendWindow: rows[at + 7] ?? -1,
    windowLimitedFor: rows[at + 8] ?? -1,
    retransmissionTimeout: rows[at + 9] ?? -1,
    backoff: rows[at + 10] ?? -1,
    acknowledged: rows[at + 11] ?? -1,
    emptySegments: rows[at + 12] ?? -1,
    repairing: rows[at + 13] ?? -1,
    roundTrip: rows[at + 14] ?? -1,
  }
}
