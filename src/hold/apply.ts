/** Sets the held values on a connection, and records its end. */
import type { Socket } from 'node:net'
import { isError } from '../settings/errors.ts'
import { reportFailure, reportRefusals } from '../socket/failure.ts'
import { isIntact, putPossible, type When } from '../socket/put-values.ts'
import { lastInfo } from '../socket/tcp-info.ts'
import { isApplyWanted, isLossWanted, publishApplied, publishLost } from './channels.ts'
import { outcomeOf } from './outcome.ts'
import { doingAtEnd, knownPeer } from './peer.ts'
import type { SocketState } from './socket-state.ts'

export const AT_CONNECT: When = { isHeld: true, isFresh: true }
export const AT_CONNECT_BOUNDED: When = { isHeld: true, isFresh: true, hasUserTimeout: true }
export const AT_QUICK_CONNECT: When = { ...AT_CONNECT_BOUNDED, isQuick: true }
const LATER: When = { isHeld: true }

/**
 * Sets the effective values on a connected socket that does not have them yet. A failure is reported, not thrown, because this
 * runs inside events and calls of other code.
 *
 * @param when at 'connect', {@link AT_CONNECT}
 * @returns whether the kernel has them, except those that the system refuses
 */
export function applyEffective(connection: Socket, state: SocketState, when: When = LATER): boolean {
  const { effective } = state
  if (effective === undefined) return false
  if (state.applied === effective) return true
  if (connection.connecting || connection.pending || connection.destroyed) return false
  try {
    const { values, refusals } = putPossible(connection, effective, when)
    state.applied = effective
    const peer = knownPeer(connection, state)
    if (isApplyWanted()) {
      // If it is left out, the kernel is asked.
      const doing = when.isFresh ? 'connecting' : undefined
      const by = state.governing?.by ?? 'hold'
      const byName = by === 'install' ? state.byName : undefined
      publishApplied(connection, { values, by, peer, byName, doing })
    }
    reportRefusals(connection, refusals)
    return true
  } catch (error) {
    reportFailure(connection, error)
    return false
  }
}

/** Forgets the applied values if other code has set values in the kernel since. Never throws. */
export function checkApplied(connection: Socket, state: SocketState): void {
  if (state.applied === undefined || connection.destroyed) return
  try {
    if (!isIntact(connection)) state.applied = undefined
  } catch {
    // The values cannot be read, for example because the descriptor cannot be found. Assume they are unchanged.
  }
}

/**
 * Records that a connection ends.
 *
 * @param isPending whether something may be unacknowledged; `undefined`: not known
 * @param error the error, if there was one; with TLS around the connection, only the TLS socket has it
 */
export function noteEnd(
  connection: Socket,
  state: SocketState,
  error: unknown,
  isPending: boolean | undefined,
): void {
  const { applied } = state
  state.applied = undefined
  for (const { accepted } of state.others) accepted?.delete(connection)
  if (applied === undefined || !isOfSystem(error) || state.effective === undefined) return
  const outcome = outcomeOf(error)
  if (outcome === undefined || !isLossWanted()) return
  const info = lastInfo(connection)
  const doing = doingAtEnd(connection, { outcome, info, isPending })
  publishLost(connection, {
    peer: knownPeer(connection, state),
    doing,
    outcome,
    error,
    silentFor: info?.silentFor,
  })
}

/** Whether the system made the error. A program, and Node's TLS, may destroy a socket with an error of their own with any code. */
function isOfSystem(error: unknown): error is Error {
  return error !== null && isError(error) && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
