/** Values that stay in force on one socket, or on all that a server accepts. */
import { Server, Socket } from 'node:net'
import type { KeepAliveOptions, KernelValues } from '../settings/options.ts'
import { native } from '../socket/native.ts'
import { beneath, behindProxy } from '../socket/node-internals.ts'
import { descriptorOf, NOT_YET, notTarget, type Target } from '../socket/target.ts'
import { putValues } from '../socket/keepalive.ts'
import { publishApplied } from './channels.ts'
import { valuesToHold } from './claim.ts'
import { forget, type Held, heldOn, holdOn, keep, type OwnClaim } from './held.ts'
import { awaitConnect } from './outgoing.ts'
import { holdServer } from './server.ts'
import { leaveWrap, useWrap } from './wrap.ts'

/** What is in force until it is released; `using` releases it at the end of a block. */
export interface KeepAliveHold {
  /**
   * Ends the hold. Where another hold or an install covers the socket too, its values are put in at once; else the
   * kernel keeps the last values. Calls that were held off meanwhile are not made up for.
   */
  release(): void
  /** The same as `release()`, for `using`. */
  [Symbol.dispose](): void
}

/**
 * Holds values on a socket: they are there at each 'connect', also when the same object connects again, and whatever
 * a driver or an agent gives to `socket.setKeepAlive()` later, on the socket or on TLS around it, `false` included.
 *
 * Held on a server, they are held on every connection that it accepts from then on, also where the server's own
 * `keepAlive` option sets others; its listener gets them too. `detectWithin` then leaves the user timeout as it is,
 * since clients may stop reading for long and still live; give `userTimeout` itself where it is wanted.
 *
 * - A field that is left out is not held: the driver's value for it gets through.
 * - Of several claims the most specific governs: the socket's own newest hold, then holds of the server that accepted
 *   it, newest first, or installs that match, newest first.
 * - This package's own `setKeepAlive(socket, options)` changes the newest hold: the fields it gives are held from
 *   then on. `setKeepAlive(socket, false)` turns keepalive off and ends every hold on the socket, and until it
 *   connects anew what an install holds on it. A call by raw descriptor changes the kernel's values only.
 * - A value that cannot be put in later on goes to the diagnostics channel `tcp-keepalive:error` and to one process
 *   warning; nothing is thrown then.
 *
 * @param target a `net.Socket` or `tls.TLSSocket`, connected or not, or a `net.Server` (also of `tls` and `http`),
 *   listening or not
 * @param options as for `setKeepAlive`, but not `false`: keepalive is held off with `{ enabled: false }`
 * @returns what ends the hold
 * @throws as `setKeepAlive` does, and then nothing is held
 *
 * @example
 * const hold = holdKeepAlive(socket, { detectWithin: 30_000 })
 * hold.release()
 */
export function holdKeepAlive(
  target: Exclude<Target, number>,
  options: KeepAliveOptions | number,
): KeepAliveHold {
  const values = valuesToHold(options)
  if (target instanceof Server) return holdServer(target, values, options)
  if (target instanceof Socket) return holdSocket(beneath(behindProxy(target)), values)
  throw notTarget(target, 'a net.Socket, a tls.TLSSocket or a net.Server')
}

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

function holdSocket(connection: Socket, values: KernelValues): KeepAliveHold {
  const isConnected = descriptorOf(connection) !== NOT_YET
  native() // where no binary fits, that is said here and not at 'connect'
  if (isConnected) putValues(connection, values)
  const hold = new SocketHold(connection, values)
  useWrap()
  const held = holdOn(connection)
  hold.older = held.own
  held.own = hold
  if (isConnected) {
    held.applied = values
    publishApplied(connection, values, 'hold')
  } else awaitConnect(connection)
  return hold
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
