/** Keeps the values for a socket that is not connected yet, or a server that does not listen yet. */
import { type Server, Socket } from 'node:net'
import { amend } from '../settings/amend.ts'
import type { KernelValues } from '../settings/options.ts'
import { coverAccepted } from './accepted.ts'
import { ATTEMPT, boundAttempt, connectTimeoutOf, onceBegun } from './attempt.ts'
import { reportFailure, reportRefusals } from './failure.ts'
import { beneath } from './node-internals.ts'
import { keepRecordTrue } from './node-record.ts'
import { prepareForEvents } from './prepare.ts'
import { putPossible } from './put-values.ts'
import { shared } from './shared.ts'
import { isSocket } from './target.ts'

/** All waiting sets of a target, merged into one. */
interface Waiting {
  /** The object that the program passed. For TLS over a socket it is the TLS socket. */
  readonly target: Socket | Server
  readonly values: KernelValues
}

const AT_CONNECT = { isHeld: false, isFresh: true }

/** By the connection or server. */
const waiting = shared('waitingValues', () => new WeakMap<Socket | Server, Waiting>())

/**
 * Sets the values at the next 'connect' or 'listening', before the program's own listeners run. Refusals are reported, because there
 * is no caller to throw to. Several sets are merged. If the attempt to connect fails, they are dropped.
 */
export function setWhenReady(target: Socket | Server, asked: KernelValues): void {
  prepareForEvents()
  const connection = isSocket(target) ? beneath(target) : target
  const earlier = waiting.get(connection)
  const values = earlier ? amend(earlier.values, asked) : asked
  waiting.set(connection, { target, values })
  addListeners(connection)
  if (isSocket(connection) && connectTimeoutOf(values) > 0) awaitAttempts(connection)
}

/** Bounds this attempt, which may already have begun, and each later one, of happy eyeballs or of a later `connect()`. */
function awaitAttempts(connection: Socket): void {
  connection.removeListener(ATTEMPT, onAttempt)
  connection.prependListener(ATTEMPT, onAttempt)
  if (connection.connecting) onceBegun(boundWaiting, connection)
}

function onAttempt(this: Socket): void {
  onceBegun(boundWaiting, this)
}

/** Bounds the attempt of a connection that has a waiting set. The program may have removed all listeners right after `connect()`. */
export function boundWaiting(connection: Socket): void {
  const found = waiting.get(connection)
  if (found === undefined || !connection.connecting) return
  addListeners(connection)
  boundAttempt(connection, connectTimeoutOf(found.values))
}

/** Applies the waiting set of this connection or server now, so that the caller can overwrite it. */
export function putWaiting(connection: Socket | Server): void {
  const found = waiting.get(connection)
  if (!found) return
  forget(connection)
  try {
    // Sets the connection, not the target: TLS over a socket learns only after this event that it is connected.
    const { values, refusals } = putPossible(connection, found.values, AT_CONNECT)
    if (isSocket(found.target)) keepRecordTrue(found.target, values.enabled, false)
    if (!isSocket(connection)) coverAccepted(connection, values)
    reportRefusals(found.target, refusals)
  } catch (error) {
    reportFailure(found.target, error)
  }
}

function onReady(this: Socket | Server): void {
  // Other code has emitted the event, while the socket is still connecting.
  if (isSocket(this) && this.pending) return
  removeListeners(this) // also if another copy of this package was first
  putWaiting(this)
}

function onClose(this: Socket | Server): void {
  // An earlier attempt has ended, and its 'error' listener has begun the next one.
  if (isSocket(this) && this.connecting) return
  forget(this)
}

function forget(connection: Socket | Server): void {
  waiting.delete(connection)
  removeListeners(connection)
}

/** Adds each listener once, before all others. The program may have removed all listeners since the last time. */
function addListeners(connection: Socket | Server): void {
  connection.removeListener(eventOf(connection), onReady)
  connection.prependListener(eventOf(connection), onReady)
  connection.removeListener('close', onClose)
  connection.prependListener('close', onClose)
}

function removeListeners(connection: Socket | Server): void {
  connection.removeListener(eventOf(connection), onReady)
  connection.removeListener('close', onClose)
  connection.removeListener(ATTEMPT, onAttempt)
}

function eventOf(target: Socket | Server): 'connect' | 'listening' {
  return target instanceof Socket ? 'connect' : 'listening'
}
