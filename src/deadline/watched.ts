/** One connection with a deadline, as the sweep knows it. */
import { looseRtoMaxFor, rtoMaxFor, unboundedRtoMax } from '../settings/detect-within.ts'
import type { ConnectionHandle } from '../socket/node-internals.ts'
import type { Bound } from './bound.ts'
import { isDrained, isTold, type Look, type Stage } from './look.ts'
import { AT_FIRST, type Memory, remember, userTimeoutOf } from './rule.ts'

/** What is asked of the kernel: functions of the binding, whose documentation says what they take and give. */
export interface DeadlineKernel {
  /** Thirteen numbers a row: the descriptor, then those of a {@link Look} in its order. */
  readWindows(rows: Int32Array, count: number): void
  setUserTimeout(descriptor: number, userTimeoutMs: number, rtoMaxMs: number): number
  getUserTimeout(descriptor: number, values: Int32Array): number
  /** TCP_RTO_MAX_MS of a socket to which nobody has done anything, as the sixth number. */
  systemKeepAlive(values: Int32Array): number
}

/** What `detectWithin` was solved for. */
export interface SolvedDeadline {
  readonly detectWithinMs: number
  readonly userTimeoutMs: number
}

/** Numbers in a row of `readWindows`. */
export const ROW_LENGTH = 13

/** For an option that is to stay as it is. */
const LEAVE = -1

/** Where the binding writes user timeout and TCP_RTO_MAX_MS; read at once, so one array serves every call. */
const held = new Int32Array(2)

/**
 * Its fields are private to TypeScript alone: one is made for each connection, and V8 defines a field of JavaScript's own private kind
 * by a call of its runtime as long as a class is not much used (some 2,500 instructions each).
 */
export class Watched {
  readonly handle: ConnectionHandle
  readonly detectWithinMs: number
  readonly solvedUserTimeoutMs: number
  /** What TCP_RTO_MAX_MS was before; negative where the system has no such option. */
  readonly rtoMaxBeforeMs: number
  private memory: Memory = AT_FIRST
  /** What `bytesWritten` was at the last look. Before the first, nothing has been written. */
  private bytesWritten = 0
  /** Whether everything was acknowledged at the last look. */
  private wasEmpty = true
  private isNew = true
  /** Whether TCP_RTO_MAX_MS was put back before the end. */
  private isReleased = false
  /** Whether TCP_RTO_MAX_MS still is what it was before, and waits for the first look. */
  private isRtoMaxDue: boolean
  /** How many sweeps until the next look. */
  sweepsLeft = 0
  /** Where the sweep keeps it. */
  place = 0

  /**
   * @param stage which user timeout is in the kernel already
   * @param isRtoMaxDue whether TCP_RTO_MAX_MS is to be put in at the first look ({@link isQuickHandshake}), and not there already
   */
  constructor(
    handle: ConnectionHandle,
    solved: SolvedDeadline,
    rtoMaxBeforeMs: number,
    stage: Stage = 'solved',
    isRtoMaxDue: boolean = false,
  ) {
    this.handle = handle
    this.isRtoMaxDue = isRtoMaxDue
    if (stage !== 'solved') this.memory = { ...AT_FIRST, stage: 'lifted' }
    this.detectWithinMs = solved.detectWithinMs
    this.solvedUserTimeoutMs = solved.userTimeoutMs
    this.rtoMaxBeforeMs = rtoMaxBeforeMs
  }

  get stage(): Stage {
    return this.memory.stage
  }

  /** The user timeout that is in force. */
  get userTimeoutMs(): number {
    return this.#timeoutOf(this.memory)
  }

  isFor({ detectWithinMs, userTimeoutMs }: SolvedDeadline): boolean {
    return this.detectWithinMs === detectWithinMs && this.solvedUserTimeoutMs === userTimeoutMs
  }

  /**
   * Whether something may be in the kernel that the peer has not acknowledged. What Node keeps in JavaScript changes
   * `bytesWritten` when it is handed on; what libuv keeps was counted already.
   */
  mayBePending(): boolean {
    return !this.wasEmpty || this.handle.bytesWritten !== this.bytesWritten
  }

  /** Whether a look may tell something. At first also what another process may have written before it handed the socket over. */
  mustBeAsked(): boolean {
    return this.isNew || this.mayBePending()
  }

  /**
   * Acts on what the kernel has said in this tick.
   *
   * @param now in milliseconds, from any time on
   * @returns whether the connection is to be looked at any longer
   */
  act(kernel: DeadlineKernel, descriptor: number, look: Look, now: number): boolean {
    this.bytesWritten = this.handle.bytesWritten
    // After the loop was busy, the kernel may be empty before libuv has handed on what it keeps.
    this.wasEmpty = isDrained(look) && this.handle.writeQueueSize === 0
    this.isNew = false
    const before = this.memory
    this.memory = remember(before, look, this.detectWithinMs, now)
    return this.#change(kernel, descriptor, before) && isTold(look)
  }

  /**
   * A user timeout that other code has set meanwhile stays, and ends the lifting. It follows the kernel's own rule.
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
    return userTimeoutOf(memory, this.detectWithinMs, this.solvedUserTimeoutMs)
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

  /** Puts the solved user timeout in force again, and TCP_RTO_MAX_MS as it was; what somebody else has set stays. */
  release(kernel: DeadlineKernel): void {
    this.releaseRtoMax(kernel)
    const before = this.memory
    this.memory = AT_FIRST
    const { fd } = this.handle
    if (fd >= 0) this.#change(kernel, fd, before)
  }

  /** Puts TCP_RTO_MAX_MS back alone: the user timeout stays in the kernel, and so the lifting goes on. */
  releaseRtoMax(kernel: DeadlineKernel): void {
    const { fd } = this.handle
    if (fd >= 0 && kernel.getUserTimeout(fd, held) === 0 && this.#isRtoMaxOurs(this.memory))
      kernel.setUserTimeout(fd, LEAVE, this.rtoMaxBeforeMs)
    this.isReleased = true
    this.isRtoMaxDue = false
  }

  /** Puts it in once more after a release. */
  putRtoMax(kernel: DeadlineKernel): void {
    if (this.isReleased) kernel.setUserTimeout(this.handle.fd, LEAVE, this.#rtoMaxOf(this.memory.bound))
    this.isReleased = false
  }
}

/** Reads what TCP_RTO_MAX_MS is before a deadline is put in. */
export function rtoMaxOn(kernel: DeadlineKernel, descriptor: number): number {
  return kernel.getUserTimeout(descriptor, held) === 0 ? (held[1] ?? LEAVE) : LEAVE
}

/** Where {@link systemRtoMax} reads; the first five are the system's keepalive. */
const system = new Int32Array(6)
let isSystemKnown = false

/**
 * What TCP_RTO_MAX_MS is on a socket of this process's own that has just connected. Read once: asking each socket would cost more than
 * all the rest that a deadline adds to a connection.
 */
export function systemRtoMax(kernel: DeadlineKernel): number {
  if (!isSystemKnown && kernel.systemKeepAlive(system) !== 0) return LEAVE
  isSystemKnown = true
  return system[5] ?? LEAVE
}

/** Sets TCP_RTO_MAX_MS beside the solved user timeout. A kernel before 6.15 refuses it, and reports a dead peer later. */
export function putRtoMax(kernel: DeadlineKernel, descriptor: number, detectWithinMs: number): void {
  kernel.setUserTimeout(descriptor, LEAVE, rtoMaxFor(detectWithinMs))
}

/** Where one look is read. */
const row = new Int32Array(ROW_LENGTH)

/** What the user timeout of a connection must be that is not watched yet, on which something was written. */
export function stageOf(
  kernel: DeadlineKernel,
  descriptor: number,
  { detectWithinMs }: SolvedDeadline,
): Stage {
  row[0] = descriptor
  kernel.readWindows(row, 1)
  return remember(AT_FIRST, lookAt(row, 0), detectWithinMs, 0).stage
}

/** What `readWindows` has written at `at`. */
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
  }
}
