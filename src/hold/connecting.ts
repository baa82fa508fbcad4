/**
 * Handles a connecting socket: from the call of `connect()` until 'connect', when it gets its held values.
 * Only this file sees both.
 */
import type { Socket } from 'node:net'
import { isQuickHandshake } from '../deadline/bound.ts'
import { clock } from '../socket/clock.ts'
import { reportFailure } from '../socket/failure.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import {
  ATTEMPT,
  BOUND_IS_USER_TIMEOUT,
  boundAttempt,
  connectTimeoutOf,
  isAddress,
  onceBegun,
  unboundAttempt,
} from '../socket/attempt.ts'
import { lastSetOn } from '../socket/last-set.ts'
import { beneath, handleOf } from '../socket/node-internals.ts'
import { boundWaiting, putWaiting } from '../socket/pending.ts'
import type { When } from '../socket/put-values.ts'
import { applyEffective, AT_CONNECT, AT_CONNECT_BOUNDED, AT_QUICK_CONNECT } from './apply.ts'
import { NO_CLAIMS } from './claim.ts'
import { publishLost } from './channels.ts'
import { destination } from './destination.ts'
import { candidatesFor, type InstallClaim, matching, mayMatch, noteMisses } from './installs.ts'
import { type AwaitingName, awaitName, awaitNoName } from './names.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { knownPeer } from './peer.ts'
import {
  type Attempt,
  dropState,
  ensureAttempt,
  ensureState,
  type SocketState,
  stateOf,
} from './socket-state.ts'

/**
 * Called after each `connect()` that has begun. Never throws.
 *
 * @param args the arguments of `connect()`
 */
export function beginAttempt(socket: Socket, args: readonly unknown[]): void {
  try {
    if (!socket.connecting || beneath(socket) !== socket) return
    awaitNoName(socket)
    const known = stateOf(socket)
    const to = destination(args)
    const candidates = to && candidatesFor(to)
    if (known === undefined && candidates === undefined) return
    const address = to && isAddress(to.host) ? to.host : undefined
    const state = known ?? ensureState(socket)
    known?.forgetConnection()
    state.others = candidates?.claims ?? NO_CLAIMS
    state.attempt = {
      host: candidates?.undecided,
      to,
      address,
      boundedHandle: undefined,
      boundedMs: 0,
      at: address === undefined ? Number.NaN : clock(),
    }
    if (known === undefined) socket.prependListener('connect', onConnect)
    else awaitConnect(socket)
    // Most attempts are to an address. Such an attempt begins in the next tick, and is the only one.
    if (address !== undefined) {
      if (state.host !== undefined) awaitName(socket, { host: address, address, candidates: state.others })
      onceBegun(boundHeld, socket, address, to?.port)
    } else {
      awaitAttempts(socket)
      onceBegun(boundHeld, socket) // a lookup that answers at once has begun the attempt already
    }
  } catch (error) {
    reportFailure(socket, error)
  }
}

/**
 * For a socket whose `connect()` is running when the first install of the thread begins. The name comes from 'lookup', if one was
 * looked up, and the destination from the event of the attempt.
 */
export function beginLate(socket: Socket): void {
  let name: string | undefined
  const onLookup = (...args: readonly unknown[]): void => {
    name = args[3] as string
  }
  socket.once('lookup', onLookup)
  socket.once(ATTEMPT, function (this: Socket, address: string, port: number) {
    socket.removeListener('lookup', onLookup)
    beginAttempt(socket, [{ host: name ?? address, port }])
    if (name !== undefined) onAttempt.call(socket, address, port)
  })
}

/** For a socket that is already connecting. Its attempt may have begun, and others may follow. */
export function boundConnecting(connection: Socket): void {
  if (!connection.connecting) return
  onceBegun(boundHeld, connection)
  awaitAttempts(connection)
}

function awaitAttempts(connection: Socket): void {
  connection.removeListener(ATTEMPT, onAttempt)
  connection.on(ATTEMPT, onAttempt) // after the listener of a plain set, so that the held values win
}

function onAttempt(this: Socket, ...args: readonly unknown[]): void {
  const [address, port] = ATTEMPT === 'lookup' ? [args[1]] : args
  noteAddress(this, address)
  onceBegun(boundHeld, this, address, port)
}

/** With several addresses, 'lookup' reports all of them, but not which one is used. */
function noteAddress(connection: Socket, address: unknown): void {
  const state = stateOf(connection)
  if (state === undefined) return
  const attempt = ensureAttempt(state)
  attempt.at = clock()
  if (ATTEMPT !== 'lookup' && typeof address === 'string') attempt.address = address
}

/**
 * Sets the limit of the attempt. The matching installs may be known only at 'connect'; until then the newest that may match is used.
 *
 * Only our listener for 'connect' replaces that limit. A program may have removed all listeners right after `connect()`, or have put one
 * that throws before ours. So ours is added again here, which is early enough: the event comes in a later turn of the event loop.
 */
function boundHeld(connection: Socket, address?: unknown, port?: unknown): void {
  try {
    const state = stateOf(connection)
    if (state === undefined || !connection.connecting) return
    awaitConnect(connection)
    if (address === undefined) awaitAttempts(connection)
    const values = valuesWhileConnecting(state, address, port)
    const timeoutMs = connectTimeoutOf(values)
    if (boundAttempt(connection, timeoutMs)) {
      const attempt = ensureAttempt(state)
      attempt.boundedHandle = handleOf(connection)
      attempt.boundedMs = timeoutMs
    }
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
  // Always added again, because the program may have removed all listeners.
  connection.removeListener('connect', onConnect)
  connection.prependListener('connect', onConnect)
}

function stopAwaiting(connection: Socket): void {
  connection.removeListener('connect', onConnect)
  if (connection.listenerCount(ATTEMPT) > 0) connection.removeListener(ATTEMPT, onAttempt)
}

/**
 * Called when nothing is held on a connection any more. Removes the limit of its attempt; otherwise the connection would keep
 * a user timeout that is never lifted.
 */
export function endAwaiting(connection: Socket, { attempt }: SocketState): void {
  stopAwaiting(connection)
  if (attempt?.boundedHandle === undefined || attempt.boundedHandle !== handleOf(connection)) return
  unboundAttempt(connection)
  boundWaiting(connection) // the limit of a plain set that waits
}

function onConnect(this: Socket): void {
  // Other code emitted this event while the socket is still connecting; the real event comes later.
  if (this.pending) return
  try {
    stopAwaiting(this)
    const state = stateOf(this)
    if (state) putHeld(this, state)
  } catch (error) {
    reportFailure(this, error)
  }
}

function putHeld(connection: Socket, state: SocketState): void {
  decideInstalls(connection, state)
  const { attempt, effective } = state
  const isBounded = attempt?.boundedHandle !== undefined
  if (isBounded && !setsUserTimeout(effective) && !setsUserTimeout(lastSetOn(connection)))
    unboundAttempt(connection)
  putWaiting(connection)
  if (effective === undefined) dropState(connection)
  else {
    applyEffective(connection, state, whenFor(connection, attempt, effective))
    knownPeer(connection, state) // also if no value was set
  }
  state.attempt = undefined
}

function whenFor(connection: Socket, attempt: Attempt | undefined, effective: KernelValues): When {
  if (attempt === undefined || !hasUserTimeout(connection, attempt, effective)) return AT_CONNECT
  const { deadlineMs } = effective
  if (deadlineMs === undefined) return AT_CONNECT_BOUNDED
  return isQuickHandshake(clock() - attempt.at, deadlineMs) ? AT_QUICK_CONNECT : AT_CONNECT_BOUNDED
}

/** Whether the limit of this attempt equals the user timeout to set now, and no other code has changed it since. */
function hasUserTimeout(connection: Socket, attempt: Attempt, effective: KernelValues): boolean {
  if (!BOUND_IS_USER_TIMEOUT || attempt.boundedHandle === undefined) return false
  if (attempt.boundedMs !== effective.userTimeoutMs || attempt.boundedHandle !== handleOf(connection))
    return false
  return !setsUserTimeout(lastSetOn(connection))
}

/**
 * Publishes that an attempt to connect was not answered, for a socket that is held or may match.
 *
 * @param error with several addresses, the AggregateError. Only its last error is the kernel's, because Node itself aborts the other
 *   attempts after a moment (internalConnectMultipleTimeout in lib/net.js)
 */
export function noteFailedAttempt(connection: Socket, state: SocketState, error: unknown): void {
  const { errors } = (error ?? {}) as { readonly errors?: unknown }
  const last: unknown = Array.isArray(errors) ? errors.at(-1) : error
  const outcome = outcomeOfAttempt(last)
  if (outcome === undefined) return
  const { address, port } = last as { readonly address?: string; readonly port?: number }
  if (!valuesWhileConnecting(state, address, port)) return
  const peer = { host: state.attempt?.to?.host, address, port }
  publishLost(connection, { peer, doing: 'connecting', outcome, error: error as Error, silentFor: undefined })
}

/** @returns `undefined` if the error has another reason than a missing answer, such as ECONNREFUSED */
function outcomeOfAttempt(error: unknown): Outcome | undefined {
  const { code, syscall } = (error ?? {}) as Partial<Record<'code' | 'syscall', unknown>>
  return syscall === 'connect' ? outcomeOf({ code }) : undefined
}

/** Whether the limit of the attempts is overwritten now, or was overwritten by a waiting set. */
function setsUserTimeout(values: KernelValues | undefined): boolean {
  return values !== undefined && values.userTimeoutMs !== LEAVE
}

/** Finds out which installs match, once the peer's address is known. May throw what a proxy of a socket throws. */
export function decideInstalls(connection: Socket, state: SocketState): void {
  const { attempt } = state
  const host = attempt?.host
  if (attempt === undefined || host === undefined || connection.connecting) return
  const candidates = state.others
  attempt.host = undefined
  decide(connection, state, { host, candidates })
  if (attempt.to) noteMisses(candidates, state.others, attempt.to)
}

function decide(
  connection: Socket,
  state: SocketState,
  { host, candidates }: Pick<AwaitingName, 'host' | 'candidates'>,
): void {
  const { claims, byName, isOpen } = matching(connection, candidates, host)
  state.others = claims
  state.byName = byName
  const address = connection.remoteAddress
  if (isOpen && address !== undefined) awaitName(connection, { host, address, candidates })
  else awaitNoName(connection)
}

/** Called when a name was resolved to the address of a connection, or of an attempt. */
export function againByName(connection: Socket, { host, candidates }: AwaitingName): void {
  if (connection.connecting) {
    boundHeld(connection, host, stateOf(connection)?.attempt?.to?.port)
    return
  }
  if (connection.destroyed) return awaitNoName(connection)
  const state = ensureState(connection)
  decide(connection, state, { host, candidates })
  if (state.governing === undefined) dropState(connection)
  else applyEffective(connection, state)
}
