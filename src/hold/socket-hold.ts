/** Values that stay in force on one socket. */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { putValues } from '../socket/keepalive.ts'
import { publishApplied } from './channels.ts'
import { forget, type Held, heldOn, holdOn, keep, type OwnClaim } from './held.ts'
import type { KeepAliveHold } from './hold.ts'
import { awaitConnect } from './outgoing.ts'
import { leaveWrap, useWrap } from './wrap.ts'

class SocketHold implements OwnClaim, KeepAliveHold {
  readonly by = 'hold'
  active = true
  older: OwnClaim | undefined
  values: KernelValues
  readonly #connection: Socket

  constructor(connection: Socket, values: KernelValues) {
    this.#connection = connection
    this.values = values
  }

  release(): void {
    if (!this.active) return
    endHold(this)
    const held = heldOn(this.#connection)
    if (!held) return
    unlink(held, this)
    if (held.governing === undefined && held.host === undefined) forget(this.#connection)
    else keep(this.#connection, held)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

export function holdSocket(connection: Socket, values: KernelValues, isConnected: boolean): KeepAliveHold {
  // What may throw comes before anything is held.
  if (isConnected) putValues(connection, values)
  const hold = new SocketHold(connection, values)
  useWrap()
  if (!isConnected) awaitConnectOrLeave(connection)
  const held = holdOn(connection)
  hold.older = held.own
  held.own = hold
  if (isConnected) {
    held.applied = values
    publishApplied(connection, values, 'hold')
  }
  return hold
}

/** A proxy of a socket may throw at a listener. */
function awaitConnectOrLeave(connection: Socket): void {
  try {
    awaitConnect(connection)
  } catch (error) {
    leaveWrap()
    throw error
  }
}

/** Ends every claim on a connection: the socket's own for good, the others until it connects anew. */
export function endHolds(connection: Socket, held: Held): void {
  for (let hold = held.own; hold; hold = hold.older) endHold(hold as SocketHold)
  forget(connection)
}

function endHold(hold: SocketHold): void {
  hold.active = false
  leaveWrap()
}

function unlink(held: Held, hold: OwnClaim): void {
  if (held.own === hold) {
    held.own = hold.older
    return
  }
  for (let newer = held.own; newer; newer = newer.older) if (newer.older === hold) newer.older = hold.older
}
