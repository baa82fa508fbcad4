/** A hold on one socket, from its beginning to its end. */
import type { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { releaseDeadline } from '../socket/deadlines.ts'
import { reportRefusals } from '../socket/failure.ts'
import { type Put, putPossible } from '../socket/put-values.ts'
import { applyEffective } from './apply.ts'
import { publishApplied } from './channels.ts'
import { awaitConnect, boundConnecting, endAwaiting } from './connecting.ts'
import type { KeepAliveHold } from './handles.ts'
import { knownPeer } from './peer.ts'
import { dropState, ensureState, type OwnClaim, type SocketState, stateOf } from './socket-state.ts'
import { leaveWrap, useWrap } from './wrap.ts'

class SocketHold implements OwnClaim, KeepAliveHold {
  older: OwnClaim | undefined
  values: KernelValues
  /** Until it is released. */
  #connection: Socket | undefined

  constructor(connection: Socket, values: KernelValues) {
    this.#connection = connection
    this.values = values
  }

  get by(): 'hold' {
    return 'hold'
  }

  get active(): boolean {
    return this.#connection !== undefined
  }

  release(): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.end()
    const state = stateOf(connection)
    if (!state) return
    unlink(state, this)
    if (state.governing === undefined && state.host === undefined) {
      dropState(connection)
      endAwaiting(connection, state)
      releaseDeadline(connection)
    } else applyEffective(connection, state)
  }

  end(): void {
    this.#connection = undefined
    leaveWrap()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

export function holdSocket(connection: Socket, values: KernelValues, isConnected: boolean): KeepAliveHold {
  // Calls that may throw come before any change of state.
  const put = isConnected ? putPossible(connection, values, { isHeld: true }) : undefined
  const hold = new SocketHold(connection, values)
  useWrap()
  if (!isConnected) awaitConnectOrLeave(connection)
  const state = ensureState(connection)
  hold.older = state.own
  state.own = hold
  if (put) noteApplied(connection, state, put)
  else boundConnecting(connection)
  return hold
}

function noteApplied(connection: Socket, state: SocketState, put: Put): void {
  state.applied = state.effective
  publishApplied(connection, { values: put.values, by: 'hold', peer: knownPeer(connection, state) })
  reportRefusals(connection, put.refusals)
}

/** Adding a listener to a proxy of a socket may throw. */
function awaitConnectOrLeave(connection: Socket): void {
  try {
    awaitConnect(connection)
  } catch (error) {
    leaveWrap()
    throw error
  }
}

/** Ends the socket's own claims, and suspends the others until it reconnects. */
export function endHolds(connection: Socket, state: SocketState): void {
  for (let hold = state.own; hold; hold = hold.older) (hold as SocketHold).end()
  dropState(connection)
  endAwaiting(connection, state)
}

function unlink(state: SocketState, hold: OwnClaim): void {
  if (state.own === hold) {
    state.own = hold.older
    return
  }
  for (let newer = state.own; newer; newer = newer.older) if (newer.older === hold) newer.older = hold.older
}
