/** The state of each held socket. */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { undoRecordAtClose } from '../socket/node-record.ts'
import { Stamp } from '../socket/stamp.ts'
import { type Claim, type Claims, NO_CLAIMS } from './claim.ts'
import type { Destination } from './destination.ts'
import type { KeepAlivePeer } from './peer.ts'

/** A hold on this very socket; the one before it is `older`. */
export interface OwnClaim extends Claim {
  values: KernelValues
  older: OwnClaim | undefined
}

/** The names of {@link SocketState.byName}. Few sockets have one, so a field in each would waste memory. */
const byNames = new WeakMap<SocketState, string>()

/** A running `connect()`, until 'connect'. It is an object of its own, because most sockets of a program are connected and need none. */
export interface Attempt {
  /** The requested host, until it is known which of the others match. */
  host: string | undefined
  /** The destination; `undefined` if that was not seen. */
  readonly to: Destination | undefined
  /** The address of the last attempt, if known. */
  address: string | undefined
  /** The handle of the last attempt on which a user timeout was set, and that user timeout. At 'connect' a claim must set or remove it. */
  boundedHandle: object | undefined
  boundedMs: number
  /** When the last attempt began, by the sweep's clock; NaN if that was not seen. */
  at: number
}

/** The claims on one socket. The most specific one wins: its own newest hold, otherwise the newest of the others. */
export class SocketState {
  own: OwnClaim | undefined
  /** Installs that match the peer, or holds of the server that accepted it. */
  others: Claims = NO_CLAIMS
  /** The running attempt, if it was seen. */
  attempt: Attempt | undefined
  /** The other end of the connection, to be published; see `knownPeer`. */
  peer: KeepAlivePeer | undefined
  /** The values of one of the others, changed by the program's own sets on this connection. */
  override: { readonly of: Claim; readonly values: KernelValues } | undefined
  /** The values that were set in the kernel for this connection. */
  applied: KernelValues | undefined
  /** The last `socket.setKeepAlive()` on this connection, as a number (see driver-call.ts). */
  lastCall: number | undefined

  /** The name by which the newest matching install matches, if the client resolved that name itself. */
  get byName(): string | undefined {
    return byNames.get(this)
  }

  set byName(name: string | undefined) {
    if (name === undefined) byNames.delete(this)
    else byNames.set(this, name)
  }

  /** See {@link Attempt.host}. */
  get host(): string | undefined {
    return this.attempt?.host
  }

  get governing(): Claim | undefined {
    if (this.own !== undefined || this.host !== undefined) return this.own
    const newest = this.others[0] // in most programs the only one
    return newest === undefined || newest.active ? newest : this.others.find(isActive)
  }

  /** The values that must be in force. */
  get effective(): KernelValues | undefined {
    const claim = this.governing
    return claim && this.valuesOf(claim)
  }

  /** Forgets the connection before, because the socket connects again. */
  forgetConnection(): void {
    this.peer = undefined
    this.byName = undefined
    this.override = undefined
    this.applied = undefined
    this.lastCall = undefined
  }

  valuesOf(claim: Claim): KernelValues {
    return this.override?.of === claim ? this.override.values : claim.values
  }
}

function isActive({ active }: Claim): boolean {
  return active
}

/** Stores a socket's state in a private field of that socket. */
class WithState extends Stamp {
  #state: SocketState | undefined

  private constructor(connection: Socket, state: SocketState) {
    super(connection)
    this.#state = state
  }

  static get(connection: Socket): SocketState | undefined {
    return #state in connection ? (connection as WithState).#state : undefined
  }

  static ensure(connection: Socket): SocketState {
    if (#state in connection) return ((connection as WithState).#state ??= new SocketState())
    const state = new SocketState()
    // oxlint-disable-next-line no-new -- the constructor adds the field to the connection
    new WithState(connection, state)
    return state
  }

  static drop(connection: Socket): void {
    if (#state in connection) (connection as WithState).#state = undefined
  }
}

/** @param connection for TLS over a socket, the socket beneath */
export function stateOf(connection: Socket): SocketState | undefined {
  return WithState.get(connection)
}

export function ensureState(connection: Socket): SocketState {
  return WithState.ensure(connection)
}

/** The running attempt; a new, empty one if none was seen. */
export function ensureAttempt(state: SocketState): Attempt {
  return (state.attempt ??= {
    host: undefined,
    to: undefined,
    address: undefined,
    boundedHandle: undefined,
    boundedMs: 0,
    at: Number.NaN,
  })
}

export function dropState(connection: Socket): void {
  for (const { accepted } of stateOf(connection)?.others ?? NO_CLAIMS) accepted?.delete(connection)
  WithState.drop(connection)
  undoRecordAtClose(connection)
}
