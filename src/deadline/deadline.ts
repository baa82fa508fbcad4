/**
 * The connections of this thread whose user timeout comes from `detectWithin`. All copies of this package share one sweep,
 * one timer and one exit listener. Nothing here throws for what the kernel refuses: the solved user timeout is in force
 * already, and lifting comes on top of it.
 */
import type { Socket } from 'node:net'
import { isLinux } from '../settings/linux.ts'
import { native } from '../socket/native.ts'
import { connectionHandle } from '../socket/node-internals.ts'
import { shared } from '../socket/shared.ts'
import { ExitListener, putBackWhatIsPending } from './closing.ts'
import type { Stage } from './rule.ts'
import { Sweep } from './sweep.ts'
import { type DeadlineKernel, putRtoMax, rtoMaxOn, type SolvedDeadline, Watched } from './watched.ts'

interface OfThread {
  readonly kernel: DeadlineKernel
  readonly sweep: Sweep
}

const slot: { thread: OfThread | undefined } = shared('deadline', () => ({ thread: undefined }))

/** Made at the first deadline, when the binding has been loaded already. */
function ofThread(): OfThread {
  slot.thread ??= begin(native())
  return slot.thread
}

function begin(kernel: DeadlineKernel): OfThread {
  const sweep: Sweep = new Sweep(kernel, new ExitListener(kernel, () => sweep.all()))
  return { kernel, sweep }
}

/**
 * Lifts the user timeout of a connected socket while its peer's window is closed, from now on until the connection ends
 * or {@link unwatchDeadline}. Called right after the solved values were put in; again after each later time. On other
 * systems than Linux, whose rules differ, and on what is no TCP connection of Node, it does nothing.
 */
export function watchDeadline(socket: Socket, solved: SolvedDeadline): void {
  const handle = isLinux(process.platform) ? connectionHandle(socket) : undefined
  if (handle === undefined || handle.fd < 0) return
  const { kernel, sweep } = ofThread()
  const rtoMaxBeforeMs = sweep.get(handle)?.rtoMaxBeforeMs ?? rtoMaxOn(kernel, handle.fd)
  putRtoMax(kernel, handle.fd, solved.detectWithinMs)
  sweep.add(new Watched(handle, solved, rtoMaxBeforeMs))
}

/**
 * Ends the lifting, with the solved user timeout in force and TCP_RTO_MAX_MS as it was before. Called on release, and
 * before values are put in whose user timeout does not come from a deadline.
 */
export function unwatchDeadline(socket: Socket): void {
  const watched = watchedOn(socket)
  if (watched === undefined) return
  const { kernel, sweep } = ofThread()
  sweep.delete(watched.handle)
  if (watched.handle.fd >= 0) watched.release(kernel, watched.handle.fd)
}

/** Called right before a socket's handle closes, first thing in `_destroy`. */
export function beforeClose(socket: Socket): void {
  const watched = watchedOn(socket)
  if (watched === undefined) return
  const { kernel, sweep } = ofThread()
  sweep.delete(watched.handle)
  putBackWhatIsPending(kernel, watched)
}

/** Which user timeout is in force on a connection with a deadline; `undefined` where there is no deadline. */
export function deadlineStage(socket: Socket): Stage | undefined {
  return watchedOn(socket)?.stage
}

function watchedOn(socket: Socket): Watched | undefined {
  if (slot.thread === undefined || slot.thread.sweep.size === 0) return undefined
  const handle = connectionHandle(socket)
  return handle && slot.thread.sweep.get(handle)
}
