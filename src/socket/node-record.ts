/** Keeps Node's record of a socket correct. In this record Node remembers its last `socket.setKeepAlive()`. */
import { Socket } from 'node:net'
import {
  activeTargets,
  parentOf,
  recordedDelay,
  recordedKeepAlive,
  recordKeepAlive,
} from './node-internals.ts'
import { shared } from './shared.ts'
import { Stamp } from './stamp.ts'

/** For TLS over TLS. A longer chain is a cycle. */
const DEEPEST_PARENT = 16

/**
 * Makes Node remember what has just been set, on the socket and on every socket beneath it. Node does nothing when a call
 * repeats what it remembers. So with a wrong record `setKeepAlive(false)` would not turn keepalive off.
 *
 * The record is written directly. Node's own `setKeepAlive(true)` would also write to the kernel: SO_KEEPALIVE, and up to
 * libuv 1.48 (Node 18 and 20 have 1.44 and 1.46) also TCP_KEEPIDLE = 0, or TCP_KEEPALIVE = 0 on macOS (uv__tcp_keepalive in
 * src/unix/tcp.c). Linux refuses that 0 with EINVAL. macOS takes it for its default of two hours, and would undo the set.
 * libuv 1.49 and newer write SO_KEEPALIVE alone, then fail.
 *
 * The remembered delay stays unchanged, so that Node still sees a driver's call with another delay as a new call. A record that is
 * already correct is left alone.
 *
 * At a reconnect Node repeats the remembered call (afterConnect in lib/net.js of Node 18 to 26). So when the connection ends, the
 * record is reset to the program's own last call.
 *
 * @param isHeld whether {@link undoHeldRecord} will be called when the connection ends; if not, a listener for 'close' is added
 * @param isFirst whether nothing was set on this connection before. Then there is no earlier write to undo, and looking for it would
 *   take a quarter of the instructions of such a set.
 */
export function keepRecordTrue(socket: Socket, enabled: boolean, isHeld: boolean, isFirst = false): void {
  // The usual case. V8 inlines a comparison into the caller, but not a loop.
  if (recordedKeepAlive(socket) !== enabled || parentOf(socket) !== undefined)
    makeTrue(socket, enabled, isHeld, isFirst)
}

function makeTrue(socket: Socket, enabled: boolean, isHeld: boolean, isFirst: boolean): void {
  let each: Socket | undefined = socket
  for (let depth = 0; each && depth < DEEPEST_PARENT; depth++) {
    const recorded = recordedKeepAlive(each)
    if (recorded === undefined) return
    if (recorded !== enabled) {
      // If this undoes an earlier write of ours, nothing is left to undo later.
      if (isFirst || !forgetWrite(each, !enabled)) {
        if (isHeld) heldRecord.note(each, enabled)
        else undoAtClose(each, enabled)
      }
      recordKeepAlive(each, enabled)
    }
    each = parentOf(each)
  }
}

/** Called when a held connection ends, before it can connect again. */
export function undoHeldRecord(socket: Socket): void {
  const written = heldRecord.take(socket)
  if (written !== undefined) recordKeepAlive(socket, !written)
}

/** Called when a hold ends but the connection keeps its values. From then on a 'close' listener has to notice the end. */
export function undoRecordAtClose(socket: Socket): void {
  const written = heldRecord.take(socket)
  if (written !== undefined) undoAtClose(socket, written)
}

/** The same for all connections, when the last hold or install has ended. */
export function undoRecordsAtClose(): void {
  // Unreferenced sockets are not listed. Such a socket keeps the record, which matters only if the program connects the same object again.
  if (heldRecord.noted > 0)
    for (const each of activeTargets()) if (each instanceof Socket) undoRecordAtClose(each)
  heldRecord.noted = 0
  heldRecord.era += 1
}

/** Stores in a socket what a hold or install has written into its record. */
class HeldRecord extends Stamp {
  /** The number of sockets with a write to undo, since {@link undoRecordsAtClose}. */
  static noted = 0
  static era = 0
  /** The last one, which most sockets share. */
  static latest: Written | undefined
  #written: Written | undefined

  private constructor(socket: Socket, written: Written) {
    super(socket)
    this.#written = written
  }

  static note(socket: Socket, enabled: boolean): void {
    const written = this.made(enabled, recordedDelay(socket))
    if (#written in socket) (socket as unknown as HeldRecord).#written = written
    // oxlint-disable-next-line no-new -- the constructor adds the field to the socket
    else new HeldRecord(socket, written)
    this.noted += 1
  }

  private static made(enabled: boolean, delay: unknown): Written {
    const { era, latest } = this
    if (latest?.enabled === enabled && latest.delay === delay && latest.era === era) return latest
    return (this.latest = { enabled, delay, era })
  }

  /** @returns what was written, where Node still remembers that; with another delay it is a call of the program's own */
  static take(socket: Socket): boolean | undefined {
    if (!(#written in socket)) return undefined
    const record = socket as unknown as HeldRecord
    const written = record.#written
    if (written === undefined) return undefined
    record.#written = undefined
    const { enabled, delay, era } = written
    if (era === this.era) this.noted -= 1
    return recordedKeepAlive(socket) === enabled && recordedDelay(socket) === delay ? enabled : undefined
  }
}

interface Written {
  readonly enabled: boolean
  readonly delay: unknown
  readonly era: number
}

interface Records {
  noted: number
  era: number
  note(socket: Socket, written: boolean): void
  take(socket: Socket): boolean | undefined
}

const heldRecord = shared<Records>('heldRecord', () => HeldRecord)

/** @returns whether this package had written `written`, and had to undo it */
function forgetWrite(socket: Socket, written: boolean): boolean {
  if (heldRecord.take(socket) === written) return true
  if (byDelay.size === 0) return false
  const { on, off } = undoings(recordedDelay(socket))
  const before = socket.listenerCount('close')
  socket.removeListener('close', written ? on : off)
  return socket.listenerCount('close') < before
}

function undoAtClose(socket: Socket, written: boolean): void {
  const { on, off } = undoings(recordedDelay(socket))
  socket.prependListener('close', written ? on : off)
}

type Undo = (this: Socket) => void

/** The listeners, by the delay that Node remembered. All sockets share them, because programs use few different delays. */
const byDelay = shared('undoings', () => new Map<unknown, { readonly on: Undo; readonly off: Undo }>())

function undoings(delay: unknown): { readonly on: Undo; readonly off: Undo } {
  let found = byDelay.get(delay)
  if (!found) byDelay.set(delay, (found = { on: undoing(true, delay), off: undoing(false, delay) }))
  return found
}

function undoing(written: boolean, delay: unknown): Undo {
  return function undo() {
    this.removeListener('close', undo)
    // If the delay differs, Node remembers a later call of the program.
    const isOurs = recordedKeepAlive(this) === written && recordedDelay(this) === delay
    if (isOurs) recordKeepAlive(this, !written)
  }
}
