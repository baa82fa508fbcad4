/**
 * The connections of this thread whose user timeout comes from `detectWithin`. All copies of this package share one sweep,
 * one timer and one exit listener. Nothing here throws when the kernel refuses an option: the solved user timeout is
 * already in force, and lifting is an addition to it.
 */
import type { Socket } from 'node:net'
import { isLinux } from '../settings/capabilities.ts'
import type { KernelValues } from '../settings/options.ts'
import type { Connected, Deadlines } from '../socket/deadlines.ts'
import { reportFailure } from '../socket/failure.ts'
import { native } from '../socket/native.ts'
import { type ConnectionHandle, connectionHandle } from '../socket/node-internals.ts'
import { shared } from '../socket/shared.ts'
import { ExitListener, putBackWhatIsPending } from './closing.ts'
import type { Stage } from './look.ts'
import { Sweep, type WhileWatching } from './sweep.ts'
import {
  type DeadlineKernel,
  memoryOn,
  rtoMaxOn,
  type SolvedDeadline,
  systemRtoMax,
  userTimeoutFor,
  Watched,
} from './watched.ts'

interface OfThread {
  readonly kernel: DeadlineKernel
  readonly sweep: Sweep
}

const slot: { thread: OfThread | undefined } = shared('deadline', () => ({ thread: undefined }))

/** Runs while any connection is watched. The layer hold/, which this file must not import, wraps `_destroy` in it. */
let closes: WhileWatching | undefined

export function whileWatching(beside: WhileWatching): void {
  closes = beside
}

/** Made at the first deadline; the binding is loaded by then. */
function ofThread(): OfThread {
  slot.thread ??= begin(native())
  return slot.thread
}

function begin(kernel: DeadlineKernel): OfThread {
  const exit = new ExitListener(kernel, () => sweep.all())
  const sweep: Sweep = new Sweep(kernel, {
    begin() {
      exit.begin()
      coverCloses()
    },
    end() {
      exit.end()
      closes?.end()
    },
  })
  return { kernel, sweep }
}

/** If the methods of `net.Socket` are frozen, `_destroy` cannot be wrapped, so the user timeout also applies after a close. */
function coverCloses(): void {
  try {
    closes?.begin()
  } catch (error) {
    reportFailure(slot, error)
  }
}

export const deadlines: Deadlines = {
  userTimeoutNow(socket, values) {
    const handle = handleFor(socket)
    if (handle === undefined) return values.userTimeoutMs
    const known = slot.thread?.sweep.get(handle)
    if (known?.isFor(solvedOf(values))) return known.userTimeoutMs
    // Nothing was written, so the peer's window cannot have blocked anything.
    if (handle.bytesWritten === 0) return values.userTimeoutMs
    const { kernel } = ofThread()
    return userTimeoutFor(kernel, handle.fd, solvedOf(values), known?.stage)
  },
  begin(socket, values, connected) {
    const handle = handleFor(socket)
    if (handle) watch(handle, solvedOf(values), connected)
  },
  beginInherited(socket, values) {
    const handle = handleFor(socket)
    if (
      handle &&
      ofThread().kernel.getUserTimeout(handle.fd, held) === 0 &&
      held[0] === values.userTimeoutMs
    ) {
      watch(handle, solvedOf(values))
    }
  },
  end(socket) {
    const watched = watchedOn(socket)
    if (watched === undefined) return
    const { kernel, sweep } = ofThread()
    sweep.delete(watched)
    watched.releaseRtoMax(kernel) // the program's user timeout, which was just set, stays, even if it equals ours
  },
  release(socket) {
    const watched = watchedOn(socket)
    if (watched) watched.releaseRtoMax(ofThread().kernel)
  },
  isAdjusted(socket) {
    return solvedOn(socket) !== undefined
  },
}

/** Buffer of `beginInherited`: user timeout and TCP_RTO_MAX_MS. */
const held = new Int32Array(2)

function solvedOf({ deadlineMs = 0, userTimeoutMs }: KernelValues): SolvedDeadline {
  return { detectWithinMs: deadlineMs, userTimeoutMs }
}

/** Lifting is only for Node's TCP connections, and only on Linux, where the user timeout also counts while the window is closed. */
const handleFor: (socket: Socket) => ConnectionHandle | undefined = isLinux(process.platform)
  ? connectionHandle
  : () => undefined

/**
 * Lifts the user timeout of a connected socket once its peer's window has been closed, until the connection ends or the program
 * sets a user timeout of its own. To be called each time right after the solved values were set.
 */
export function watchDeadline(socket: Socket, solved: SolvedDeadline): void {
  const handle = handleFor(socket)
  if (handle) watch(handle, solved)
}

/** A socket that has just connected is watched without asking the kernel for its state. */
function watch(handle: ConnectionHandle, solved: SolvedDeadline, connected: Connected = {}): void {
  const { isFresh = false, isQuick = false } = connected
  const { kernel, sweep } = ofThread()
  const { fd } = handle
  if (fd < 0) return
  const known = sweep.get(handle)
  // The same values again: keep what is known of the connection, and set TCP_RTO_MAX_MS again if it was released.
  if (known?.isFor(solved)) {
    known.takeBack(kernel)
    return
  }
  const rtoMaxBeforeMs = known?.rtoMaxBeforeMs ?? (isFresh ? systemRtoMax(kernel) : rtoMaxOn(kernel, fd))
  const isUnwritten = isFresh || handle.bytesWritten === 0
  const memory = isUnwritten ? undefined : memoryOn(kernel, fd, solved.userTimeoutMs, known)
  const isRtoMaxDue = isQuick && known === undefined
  const watched = new Watched(handle, solved, rtoMaxBeforeMs, memory, isRtoMaxDue)
  watched.putRtoMax(kernel)
  sweep.add(watched, known)
}

/**
 * Prepares for connections with a deadline, so that the first of them costs no more than the others.
 *
 * @returns a function that ends the preparation
 */
export function expectDeadlines(): () => void {
  const { sweep } = ofThread()
  sweep.expect()
  return () => sweep.expectNoMore()
}

/**
 * Called at the beginning of `_destroy`, right before a socket's handle closes.
 *
 * @returns whether the kernel may hold data that the peer has not acknowledged; `undefined` if there is no deadline
 */
export function beforeClose(socket: Socket): boolean | undefined {
  const watched = watchedOn(socket)
  if (watched === undefined) return undefined
  const { kernel, sweep } = ofThread()
  sweep.delete(watched)
  if (!watched.mayBePending()) return false
  putBackWhatIsPending(kernel, watched)
  return watched.handle.bytesWritten > 0
}

/** Which user timeout is in force on a connection with a deadline; `undefined` if there is no deadline. */
export function deadlineStage(socket: Socket): Stage | undefined {
  return watchedOn(socket)?.stage
}

/** Whether the solved user timeout is lifted (rule.ts). */
export function isLifted(socket: Socket): boolean {
  const stage = deadlineStage(socket)
  return stage !== undefined && stage !== 'solved'
}

/** The solved user timeout of a connection on which another one is in force; `undefined` if it is in force, or if there is no deadline. */
export function solvedOn(socket: Socket): number | undefined {
  const watched = watchedOn(socket)
  return watched === undefined || watched.userTimeoutMs === watched.solvedUserTimeoutMs
    ? undefined
    : watched.solvedUserTimeoutMs
}

/** The deadline of a connection whose user timeout was solved for it. */
export function deadlineOn(socket: Socket): number | undefined {
  return watchedOn(socket)?.detectWithinMs
}

function watchedOn(socket: Socket): Watched | undefined {
  if (slot.thread === undefined || slot.thread.sweep.size === 0) return undefined
  const handle = connectionHandle(socket)
  return handle && slot.thread.sweep.get(handle)
}
