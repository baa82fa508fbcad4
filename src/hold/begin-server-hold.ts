/** A hold on a server. Its values stay in force on every connection that the server accepts. */
import { type Server, Socket } from 'node:net'
import type { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { amend } from '../settings/amend.ts'
import { capabilities } from '../settings/capabilities.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KernelValues, resolveOptions } from '../settings/options.ts'
import { reportFailure, reportRefusals } from '../socket/failure.ts'
import { getKeepAlive } from '../socket/keepalive.ts'
import { beneath, handleOf, isPipe } from '../socket/node-internals.ts'
import { putWaiting } from '../socket/pending.ts'
import { putPossible } from '../socket/put-values.ts'
import { descriptorOf, NOT_YET } from '../socket/target.ts'
import { applyEffective } from './apply.ts'
import type { Claim } from './claim.ts'
import type { KeepAliveHold } from './handles.ts'
import { ensureState, stateOf } from './socket-state.ts'
import { leaveWrap, useWrap } from './wrap.ts'

interface ServerClaim extends Claim {
  values: KernelValues
  active: boolean
  readonly accepted: Set<Socket>
}

interface HeldServer {
  /** Newest first. */
  claims: readonly ServerClaim[]
  /** The values of the listener before the first hold. */
  before: KernelValues | undefined
  /** The open connections that were accepted while the server was held, for when the newest hold ends. */
  readonly accepted: Set<Socket>
  /** The size of `accepted` at which it is searched for connections that were sent to another process. */
  searchAt: number
}

const servers = new WeakMap<Server, HeldServer>()

export function holdServer(server: Server, values: KernelValues, isListening: boolean): KeepAliveHold {
  const held = servers.get(server) ?? begin(server)
  const claim: ServerClaim = { by: 'hold', values, active: true, accepted: held.accepted }
  useWrapFor(server, held)
  held.claims = [claim, ...held.claims]
  if (isListening) putOnListener(server, held)
  const release = (): void => {
    if (!claim.active) return
    const open = [...held.accepted]
    end(server, held, claim)
    if (server.listening) putOnListener(server, held)
    applyNext(open)
  }
  return { release, [Symbol.dispose]: release }
}

/** The program's own `setKeepAlive(server)`: `undefined` ends the holds, anything else changes the newest. */
export function changeServerHolds(server: Server, asked: KernelValues | undefined): void {
  const held = servers.get(server)
  const newest = held?.claims[0]
  if (!held || !newest) return
  if (asked) newest.values = amend(newest.values, asked)
  else for (const claim of held.claims) end(server, held, claim)
}

function begin(server: Server): HeldServer {
  const held: HeldServer = { claims: [], before: undefined, accepted: new Set(), searchAt: FEW }
  server.prependListener('listening', onListening)
  server.prependListener('connection', onConnection)
  servers.set(server, held)
  return held
}

/** If the methods cannot be wrapped, nothing is held. */
function useWrapFor(server: Server, held: HeldServer): void {
  try {
    useWrap()
  } catch (error) {
    if (held.claims.length === 0) forget(server)
    throw error
  }
}

function forget(server: Server): void {
  servers.delete(server)
  server.removeListener('listening', onListening)
  server.removeListener('connection', onConnection)
}

function end(server: Server, held: HeldServer, claim: ServerClaim): void {
  claim.active = false
  held.claims = held.claims.filter((other) => other !== claim)
  leaveWrap()
  if (held.claims.length > 0) return
  forget(server)
  held.accepted.clear() // from now on no event reports when they close
}

function onListening(this: Server): void {
  const held = servers.get(this)
  if (!held) return
  putWaiting(this)
  held.before = undefined
  putOnListener(this, held)
}

function onConnection(this: Server, socket: unknown): void {
  const server = servers.get(this)
  // A program may emit 'connection' on an http.Server with any stream.
  if (!server || !(socket instanceof Socket) || isPipe(socket)) return
  const connection = beneath(socket)
  if (connection.destroyed) return // by an earlier listener; no event would report its end
  const state = ensureState(connection)
  // A program may pass a connection to another server, which is held too.
  for (const { accepted } of state.others) accepted?.delete(connection)
  // Installs that cover it come after the holds of its server.
  const installs = state.others.filter(({ accepted }) => accepted === undefined)
  state.others = installs.length === 0 ? server.claims : [...server.claims, ...installs]
  server.accepted.add(connection)
  if (server.accepted.size >= server.searchAt) forgetSent(server)
  applyEffective(connection, state)
}

const FEW = 64

/** `child.send()` takes the handle of a connection away, and no event reports that. So a full set is searched, then at twice its size. */
function forgetSent(server: HeldServer): void {
  for (const each of server.accepted) if (handleOf(each) === undefined) server.accepted.delete(each)
  server.searchAt = Math.max(FEW, 2 * server.accepted.size)
}

/** After a hold has ended, the next hold, or an install, takes effect on the connections that both covered. */
function applyNext(connections: readonly Socket[]): void {
  for (const connection of connections) {
    const state = stateOf(connection)
    if (state) applyEffective(connection, state)
  }
}

/**
 * Sets the newest values on the listener, except a solved user timeout. On Linux and FreeBSD accepted connections inherit them, and so
 * have them while they wait for the program. On macOS they inherit all but the time and the user timeout. After the last hold, the
 * listener's earlier values are restored.
 */
function putOnListener(server: Server, held: HeldServer): void {
  try {
    if (!hasListener(server)) return
    const [newest] = held.claims
    if (newest) held.before ??= settable(getKeepAlive(server))
    const values = newest ? forListener(newest.values) : held.before
    if (values) reportRefusals(server, putPossible(server, values, { isHeld: true }).refusals)
  } catch (error) {
    reportFailure(server, error)
  }
}

/**
 * The solved user timeout must be lifted, which happens only from `onConnection` on. Another process that has the listener, and a
 * release before the backlog is accepted, would leave it on connections for good.
 */
function forListener(values: KernelValues): KernelValues {
  return values.deadlineMs === undefined
    ? values
    : { ...values, userTimeoutMs: 0, deadlineMs: undefined, rtoMaxMs: undefined }
}

/** A default of the system may be larger than what can be set, as `net.ipv4.tcp_keepalive_time`. */
function settable(read: KeepAlive): KernelValues {
  const upTo = (name: 'time' | 'interval' | 'retries'): number | undefined => {
    const value = read[name]
    return value === undefined ? undefined : Math.min(value, capabilities[name].max)
  }
  return resolveOptions({ ...read, time: upTo('time'), interval: upTo('interval'), retries: upTo('retries') })
}

/**
 * Whether this process has the listener. A listener of the cluster primary is not here; then its connections are enough.
 *
 * @throws as `setKeepAlive(server)`
 */
export function hasListener(server: Server): boolean {
  try {
    return descriptorOf(server) !== NOT_YET
  } catch (error) {
    const { code } = (error ?? {}) as Partial<TcpKeepAliveError> // a proxy may throw anything
    if (code === 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR') return false
    throw error
  }
}
