/**
 * A socket on its way to a connection: `connect()` has been called, and at 'connect' it gets the values that are held on it.
 * This is the one place that sees both.
 */
import type { Socket } from 'node:net'
import { reportFailure } from '../socket/failure.ts'
import { beneath } from '../socket/node-internals.ts'
import { putWaiting } from '../socket/pending.ts'
import { applyEffective } from './apply.ts'
import { NO_CLAIMS } from './claim.ts'
import { candidatesFor, matching } from './installs.ts'
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
    const candidates = candidatesFor(args)
    if (known === undefined && candidates === undefined) return
    const state = known ?? ensureState(socket)
    state.others = candidates?.claims ?? NO_CLAIMS
    state.host = candidates?.undecided
    state.override = undefined
    state.applied = undefined
    state.lastCall = Number.NaN
    awaitConnect(socket)
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** Makes sure that a held socket gets its values at the next 'connect', before the program's own listeners run. */
export function awaitConnect(connection: Socket): void {
  // Whether our listener is there is not remembered: the program may have removed all listeners.
  connection.removeListener('connect', onConnect)
  connection.prependListener('connect', onConnect)
}

function onConnect(this: Socket): void {
  // An event that somebody else has emitted, while the socket is still connecting: the real one comes later.
  if (this.pending) return
  this.removeListener('connect', onConnect)
  const state = stateOf(this)
  if (!state) return
  putWaiting(this)
  decideInstalls(this, state)
  if (state.governing === undefined) dropState(this)
  else applyEffective(this, state)
}

/** Finds out which installs match, once the peer's address is known. */
export function decideInstalls(connection: Socket, state: SocketState): void {
  const { host } = state
  if (host === undefined || connection.connecting) return
  state.host = undefined
  state.others = matching(connection, state.others, host)
}
