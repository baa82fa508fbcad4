/** The diagnostics channels on which holds and installs report. */
import type { Socket } from 'node:net'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { channelNamed } from '../socket/channel.ts'
import type { Claim } from './claim.ts'
import type { Outcome } from './outcome.ts'
import { type Doing, doingNow, type KeepAlivePeer } from './peer.ts'

/** The message on `tcp-keepalive:apply` when a hold or an install has set its values on a socket. */
export interface KeepAliveApplied {
  /** The connection's socket. With TLS over another socket, it is the socket beneath. */
  readonly socket: Socket
  /** The values that were set, in milliseconds; `undefined` for a value that was not changed. */
  readonly settings: KeepAlive
  /** What set them: `holdKeepAlive`, or `installKeepAlive`, which `tcp-keepalive/register` calls too. */
  readonly by: 'hold' | 'install'
  /** The other end. */
  readonly peer: KeepAlivePeer
  /**
   * The name in `match` that matched, if the client resolved it itself and gave `connect()` the address.
   * `undefined` in every other case.
   */
  readonly byName: string | undefined
  /** What the connection was doing: `connecting` if the values were set while it was made; `undefined` if unknown. */
  readonly doing: Doing | undefined
}

/**
 * The message on `tcp-keepalive:lost` when the peer of a held socket is gone, or does not answer an attempt to
 * connect.
 */
export interface KeepAliveLost {
  /** The same object as in {@link KeepAliveApplied}. */
  readonly socket: Socket
  /** The outcome of the last probe, or of sent data. */
  readonly outcome: Outcome
  /** The error with which the socket, or TLS around it, is about to be destroyed. */
  readonly error: Error
  /** Milliseconds since the last packet from the peer; `undefined` if unknown, and while connecting. */
  readonly silentFor: number | undefined
  /** The other end. */
  readonly peer: KeepAlivePeer
  /** What the connection was doing; `undefined` if unknown. */
  readonly doing: Doing | undefined
}

/**
 * The message on `tcp-keepalive:unmatched`. It is published once for an install whose `match` matched nothing: a minute after the
 * first connection that did not match, or when the process ends.
 */
export interface KeepAliveUnmatched {
  /** The destinations that the program gave to `connect()`: up to three, those with most connections first. */
  readonly connections: readonly UnmatchedConnections[]
}

/** Connections to one destination. */
export interface UnmatchedConnections {
  /** The requested host. */
  readonly host: string
  /** The requested port. */
  readonly port: number
  /** The number of connections. */
  readonly count: number
}

const applied = channelNamed('tcp-keepalive:apply')
const lost = channelNamed('tcp-keepalive:lost')
const unmatched = channelNamed('tcp-keepalive:unmatched')

export function publishUnmatched(connections: KeepAliveUnmatched['connections']): void {
  unmatched().publish({ connections } satisfies KeepAliveUnmatched)
}

interface Applying {
  readonly values: KernelValues
  readonly by: Claim['by']
  readonly peer: KeepAlivePeer
  readonly byName?: string | undefined
  /** If left out, the kernel is asked. */
  readonly doing?: Doing | undefined
}

/** Whether anybody listens. */
export function isApplyWanted(): boolean {
  return applied().hasSubscribers
}

export function publishApplied(socket: Socket, { values, by, peer, byName, doing }: Applying): void {
  if (!applied().hasSubscribers) return
  const settings: KeepAlive = {
    enabled: values.enabled,
    time: milliseconds(values.timeSeconds, 1000),
    interval: milliseconds(values.intervalSeconds, 1000),
    retries: milliseconds(values.retries, 1),
    userTimeout: milliseconds(values.userTimeoutMs, 1),
  }
  const message = { socket, settings, by, peer, byName, doing: doing ?? doingNow(socket) }
  applied().publish(message satisfies KeepAliveApplied)
}

/** Whether the channel has a subscriber. */
export function isLossWanted(): boolean {
  return lost().hasSubscribers
}

export function publishLost(socket: Socket, loss: Omit<KeepAliveLost, 'socket'>): void {
  if (lost().hasSubscribers) lost().publish({ socket, ...loss } satisfies KeepAliveLost)
}

function milliseconds(value: number, unit: number): number | undefined {
  return value === LEAVE ? undefined : value * unit
}
