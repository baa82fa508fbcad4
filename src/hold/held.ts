/** What is held on each socket, and the one function that puts it there. */
import type { Socket } from 'node:net'
import { isError } from '../settings/errors.ts'
import type { KernelValues } from '../settings/options.ts'
import { reportFailure } from '../socket/failure.ts'
import { putValues } from '../socket/keepalive.ts'
import { Stamp } from '../socket/stamp.ts'
import { publishApplied, publishLost } from './channels.ts'
import { type Claim, type Claims, NO_CLAIMS } from './claim.ts'
import { outcomeOf } from './outcome.ts'

/** A hold on this very socket; the one before it is `older`. */
export interface OwnClaim extends Claim {
  values: KernelValues
  older: OwnClaim | undefined
}

/** The claims on one socket. The most specific governs: its own newest hold, else the newest of the others. */
export class Held {
  own: OwnClaim | undefined
  /** Installs that match the peer, or holds of the server that accepted it. */
  others: Claims = NO_CLAIMS
  /** The host that was asked for, while it is not known yet which of the others match. */
  host: string | undefined
  /** The values of one of the others as the program's own calls have changed them, for this connection. */
  amended: { readonly of: Claim; readonly values: KernelValues } | undefined
  /** What is in the kernel for this connection. */
  applied: KernelValues | undefined

  get governing(): Claim | undefined {
    return this.own ?? (this.host === undefined ? this.others.find(isActive) : undefined)
  }

  get values(): KernelValues | undefined {
    const claim = this.governing
    return claim && this.valuesOf(claim)
  }

  valuesOf(claim: Claim): KernelValues {
    return this.amended?.of === claim ? this.amended.values : claim.values
  }
}

function isActive({ active }: Claim): boolean {
  return active
}

/** Where a connection has it. */
class OnSocket extends Stamp {
  #held: Held | undefined

  private constructor(connection: Socket, held: Held) {
    super(connection)
    this.#held = held
  }

  static get(connection: Socket): Held | undefined {
    return #held in connection ? (connection as OnSocket).#held : undefined
  }

  static set(connection: Socket, held: Held | undefined): void {
    if (#held in connection) (connection as OnSocket).#held = held
    // oxlint-disable-next-line no-new -- which changes the connection
    else if (held !== undefined) new OnSocket(connection, held)
  }
}

/** @param connection the socket beneath, where there is TLS around one */
export function heldOn(connection: Socket): Held | undefined {
  return OnSocket.get(connection)
}

export function holdOn(connection: Socket): Held {
  let held = OnSocket.get(connection)
  if (!held) OnSocket.set(connection, (held = new Held()))
  return held
}

export function forget(connection: Socket): void {
  OnSocket.set(connection, undefined)
}

/**
 * Puts the governing values into a connected socket that does not have them yet. A failure is reported, not thrown,
 * as this runs inside events and other people's calls.
 *
 * @returns whether they are in the kernel
 */
export function keep(connection: Socket, held: Held): boolean {
  const { values } = held
  if (values === undefined) return false
  if (held.applied === values) return true
  if (connection.connecting || connection.pending || connection.destroyed) return false
  try {
    putValues(connection, values)
    held.applied = values
    publishApplied(connection, values, held.governing?.by ?? 'hold')
    return true
  } catch (error) {
    reportFailure(connection, error)
    return false
  }
}

/** A connection ends, with `error` if there was one; with TLS around it, the error comes to the TLS socket alone. */
export function ended(connection: Socket, held: Held, error: unknown): void {
  const { applied } = held
  held.applied = undefined
  if (applied === undefined || held.values === undefined || !isOfSystem(error)) return
  const outcome = outcomeOf(error)
  if (outcome !== undefined) publishLost(connection, outcome, error)
}

/** Not one that a program or Node's TLS made itself to destroy a socket with, whatever its code. */
function isOfSystem(error: unknown): error is Error {
  return isError(error) && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
