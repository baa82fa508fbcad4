/**
 * A socket on its way to a connection: `connect()` has been called, and at 'connect' it gets the values that are held on it.
 * This is the one place that sees both.
 */
import type { Socket } from 'node:net'
import { reportFailure } from '../socket/failure.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import {
  ATTEMPT,
  boundAttempt,
  connectTimeoutOf,
  isAddress,
  onceBegun,
  unboundAttempt,
} from '../socket/attempt.ts'
import { lastSetOn } from '../socket/last-set.ts'
import { beneath } from '../socket/node-internals.ts'
import { putWaiting } from '../socket/pending.ts'
import { applyEffective, AT_CONNECT } from './apply.ts'
import { NO_CLAIMS } from './claim.ts'
import { candidatesFor, destination, type InstallClaim, matching, mayMatch } from './installs.ts'
import { dropState, ensureState, type SocketState, stateOf } from './socket-state.ts'

/**
 * Called after each `connect()` that has begun. Never throws.
 *
 * @param args the arguments of `connect()`
 */
export function beginAttempt(socket: Socket, args: readonly unknown[]): void {
  try {
    if (!socket.connecting || beneath(socket) !== socket) return
    const known = stateOf(socket)
    const to = destination(args)
    const candidates = to && candidatesFor(to)
    if (known === undefined && candidates === undefined) return
    const state = known ?? ensureState(socket)
    state.others = candidates?.claims ?? NO_CLAIMS
    state.host = candidates?.undecided
    state.override = undefined
    state.applied = undefined
    state.lastCall = Number.NaN
    state.isBounded = false
    awaitConnect(socket)
    // Most attempts are to an address, which then begins in the next tick, and is the only one.
    if (to && isAddress(to.host)) onceBegun(boundHeld, socket, to.host, to.port)
    else {
      awaitAttempts(socket)
      boundHeld(socket) // a lookup that answers at once has begun the attempt already
    }
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** For a socket that is connecting already: its attempt may have begun, and others may follow. */
export function boundConnecting(connection: Socket): void {
  if (!connection.connecting) return
  onceBegun(boundHeld, connection)
  awaitAttempts(connection)
}

function awaitAttempts(connection: Socket): void {
  connection.removeListener(ATTEMPT, onAttempt)
  connection.on(ATTEMPT, onAttempt) // after what a plain set has there, so that what is held has the last word
}

function onAttempt(this: Socket, ...told: readonly unknown[]): void {
  const [address, port] = ATTEMPT === 'lookup' ? [told[1]] : told
  onceBegun(boundHeld, this, address, port)
}

/** Puts what bounds the attempt into it. Which installs match may be known only at 'connect': the newest that may does. */
function boundHeld(connection: Socket, address?: unknown, port?: unknown): void {
  try {
    const state = stateOf(connection)
    const values = state && valuesWhileConnecting(state, address, port)
    if (state && boundAttempt(connection, connectTimeoutOf(values))) state.isBounded = true
  } catch (error) {
    reportFailure(connection, error)
  }
}

function valuesWhileConnecting(
  state: SocketState,
  address: unknown,
  port: unknown,
): KernelValues | undefined {
  const { host } = state
  if (host === undefined || state.own) return state.effective
  const peer = typeof address === 'string' && typeof port === 'number' ? { host, address, port } : undefined
  const claim = state.others.find((each) => each.active && mayMatch(each as InstallClaim, peer))
  return claim && state.valuesOf(claim)
}

/** Makes sure that a held socket gets its values at the next 'connect', before the program's own listeners run. */
export function awaitConnect(connection: Socket): void {
  // Whether our listener is there is not remembered: the program may have removed all listeners.
  connection.removeListener('connect', onConnect)
  connection.prependListener('connect', onConnect)
}

/** Called where nothing is held on a connection any more. */
export function stopAwaiting(connection: Socket): void {
  connection.removeListener('connect', onConnect)
  connection.removeListener(ATTEMPT, onAttempt)
}

function onConnect(this: Socket): void {
  // An event that somebody else has emitted, while the socket is still connecting: the real one comes later.
  if (this.pending) return
  stopAwaiting(this)
  const state = stateOf(this)
  if (!state) return
  decideInstalls(this, state)
  if (state.isBounded && !setsUserTimeout(state.effective) && !setsUserTimeout(lastSetOn(this)))
    unboundAttempt(this)
  putWaiting(this)
  if (state.governing === undefined) dropState(this)
  else applyEffective(this, state, AT_CONNECT)
}

/** Whether what bounded the attempts is overwritten now, or has been by a set that waited. */
function setsUserTimeout(values: KernelValues | undefined): boolean {
  return values !== undefined && values.userTimeoutMs !== LEAVE
}

/** Finds out which installs match, once the peer's address is known. */
export function decideInstalls(connection: Socket, state: SocketState): void {
  const { host } = state
  if (host === undefined || connection.connecting) return
  state.host = undefined
  state.others = matching(connection, state.others, host)
}
