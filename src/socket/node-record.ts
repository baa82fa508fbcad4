/** Keeps Node's record of a socket true: what it remembers of its last `socket.setKeepAlive()`. */
import type { Socket } from 'node:net'
import { parentOf, recordedDelay, recordedKeepAlive, recordKeepAlive } from './node-internals.ts'

/** TLS around TLS; a longer chain is a ring. */
const DEEPEST_PARENT = 16

/**
 * Makes Node remember what has just been set, on the socket and on every socket beneath it. Node does nothing when a call
 * repeats what it remembers. So with a wrong record `setKeepAlive(false)` would not turn keepalive off.
 *
 * The record is written, and not by Node's own `setKeepAlive(true)`, which writes to the kernel too: SO_KEEPALIVE, and up to
 * libuv 1.47 (Node 18 and 20 have 1.44 and 1.46) also TCP_KEEPIDLE = 0, or TCP_KEEPALIVE = 0 on macOS (uv__tcp_keepalive in
 * src/unix/tcp.c). Linux refuses that 0 with EINVAL. macOS takes it for its default of two hours, and would undo the set.
 * libuv 1.48 and newer write SO_KEEPALIVE alone, then fail.
 *
 * The remembered delay stays as it is: a driver's call with another delay is still a call with another delay. A record that is
 * right already is left alone.
 *
 * @param untilClose for a set that concerns this connection only. At a reconnect Node repeats what it remembers (afterConnect in
 *   lib/net.js of Node 18 to 26), so at 'close' the record becomes again what the program had told Node.
 */
export function keepRecordTrue(socket: Socket, enabled: boolean, untilClose: boolean): void {
  let each: Socket | undefined = socket
  for (let depth = 0; each && depth < DEEPEST_PARENT; depth++) {
    const recorded = recordedKeepAlive(each)
    if (recorded === undefined) return
    if (recorded !== enabled) {
      if (untilClose) undoAtClose(each, enabled)
      recordKeepAlive(each, enabled)
    }
    each = parentOf(each)
  }
}

function undoAtClose(socket: Socket, enabled: boolean): void {
  const { on, off } = undoings(recordedDelay(socket))
  const [undo, opposite] = enabled ? [on, off] : [off, on]
  const before = socket.listenerCount('close')
  socket.removeListener('close', opposite)
  // Where it was there, this write has undone an earlier one of ours, and nothing is left to undo.
  if (socket.listenerCount('close') === before) socket.prependListener('close', undo)
}

type Undo = (this: Socket) => void

/** Listeners that all sockets share, by the delay that Node remembered. Programs use few different delays. */
const byDelay = new Map<unknown, { readonly on: Undo; readonly off: Undo }>()

function undoings(delay: unknown): { readonly on: Undo; readonly off: Undo } {
  let found = byDelay.get(delay)
  if (!found) byDelay.set(delay, (found = { on: undoing(true, delay), off: undoing(false, delay) }))
  return found
}

function undoing(written: boolean, delay: unknown): Undo {
  return function undo() {
    this.removeListener('close', undo)
    // With another delay it is a call of the program's own that Node remembers.
    const isOurs = recordedKeepAlive(this) === written && recordedDelay(this) === delay
    if (isOurs) recordKeepAlive(this, !written)
  }
}
