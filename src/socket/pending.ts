/** Values for a socket that is not connected yet, or a server that does not listen yet. */
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

/** All sets that wait, as one. */
interface Waiting {
  /** As the program named it: a TLS socket, where TLS is put around the connection. */
  readonly target: Socket | Server
  readonly values: KernelValues
}

const AT_CONNECT = { isHeld: false, isFresh: true }

/** By the connection or server. */
const waiting = shared('waitingValues', () => new WeakMap<Socket | Server, Waiting>())

/**
 * Puts the values in at the next 'connect' or 'listening', before the program's own listeners. What is refused then is
 * reported, as there is no caller to throw to. Several sets become one, and an attempt to connect that fails drops it.
 */
export function setWhenReady(target: Socket | Server, asked: KernelValues): void {
  prepareForEvents()
  const connection = isSocket(target) ? beneath(target) : target
  const earlier = waiting.get(connection)
  const values = earlier ? amend(earlier.values, asked) : asked
  waiting.set(connection, { target, values })
  removeListeners(connection) // The program may have removed all listeners since the last time.
  connection.prependListener(eventOf(connection), onReady)
  connection.prependListener('close', onClose)
  if (isSocket(connection) && connectTimeoutOf(values) > 0) awaitAttempts(connection)
}

/** The attempt may have begun already; each later one, of happy eyeballs or of a later `connect()`, is told. */
function awaitAttempts(connection: Socket): void {
  connection.prependListener(ATTEMPT, onAttempt)
  if (connection.connecting) onceBegun(boundWaiting, connection)
}

function onAttempt(this: Socket): void {
  onceBegun(boundWaiting, this)
}

/** Bounds the attempt of a connection on which a set waits. */
export function boundWaiting(connection: Socket): void {
  boundAttempt(connection, connectTimeoutOf(waiting.get(connection)?.values))
}

/** Puts in now what waits for this connection or server, so that the caller can have the last word. */
export function putWaiting(connection: Socket | Server): void {
  const found = waiting.get(connection)
  if (!found) return
  forget(connection)
  try {
    // Not into the target: TLS around a connection learns only after this event that it is connected.
    const { values, refusals } = putPossible(connection, found.values, AT_CONNECT)
    if (isSocket(found.target)) keepRecordTrue(found.target, values.enabled, false)
    if (!isSocket(connection)) coverAccepted(connection, values)
    reportRefusals(found.target, refusals)
  } catch (error) {
    reportFailure(found.target, error)
  }
}

function onReady(this: Socket | Server): void {
  // An event that somebody else has emitted, while the socket is still connecting.
  if (isSocket(this) && this.pending) return
  removeListeners(this) // also where another copy of this package was quicker
  putWaiting(this)
}

function onClose(this: Socket | Server): void {
  // The end of an earlier attempt, whose 'error' listener has begun the next.
  if (isSocket(this) && this.connecting) return
  forget(this)
}

function forget(connection: Socket | Server): void {
  waiting.delete(connection)
  removeListeners(connection)
}

function removeListeners(connection: Socket | Server): void {
  connection.removeListener(eventOf(connection), onReady)
  connection.removeListener('close', onClose)
  connection.removeListener(ATTEMPT, onAttempt)
}

function eventOf(target: Socket | Server): 'connect' | 'listening' {
  return target instanceof Socket ? 'connect' : 'listening'
}
