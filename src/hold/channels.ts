/** The diagnostics channels on which holds and installs say what they do. */
import type { Socket } from 'node:net'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { channelNamed } from '../socket/channel.ts'
import type { Claim } from './claim.ts'
import type { Outcome } from './outcome.ts'
import { type Doing, doingNow, type KeepAlivePeer } from './peer.ts'

/** What is published on `tcp-keepalive:apply` when a hold or an install has put its values into a socket. */
export interface KeepAliveApplied {
  /** The connection; beneath TLS around a socket, that socket. */
  readonly socket: Socket
  /** What was put in, in milliseconds; `undefined` for what was left as it was. */
  readonly settings: KeepAlive
  /** What put them in: `holdKeepAlive`, or `installKeepAlive`, which `tcp-keepalive/register` calls too. */
  readonly by: 'hold' | 'install'
  /** The other end. */
  readonly peer: KeepAlivePeer
  /**
   * The name in a `match` by which an address was meant: the client resolved it itself, and gave `connect()` the address.
   * `undefined` in every other case.
   */
  readonly byName: string | undefined
  /** What the connection was doing: `connecting` where this was done as it was made; `undefined` where it cannot be told. */
  readonly doing: Doing | undefined
}

/**
 * What is published on `tcp-keepalive:lost` when the peer of a held socket turns out to be gone, or does not answer an attempt to
 * connect.
 */
export interface KeepAliveLost {
  /** The same object as in {@link KeepAliveApplied}. */
  readonly socket: Socket
  /** What became of the last probe, or of data that was sent. */
  readonly outcome: Outcome
  /** The error with which the socket, or TLS around it, is about to be destroyed. */
  readonly error: Error
  /** For how many milliseconds nothing had come from the peer; `undefined` where that cannot be told, and while connecting. */
  readonly silentFor: number | undefined
  /** The other end. */
  readonly peer: KeepAlivePeer
  /** What the connection was doing; `undefined` where it cannot be told. */
  readonly doing: Doing | undefined
}

/**
 * What is published, once, on `tcp-keepalive:unmatched` of an install whose `match` has fitted nothing: a minute after the first
 * connection that it did not fit, or when the process ends.
 */
export interface KeepAliveUnmatched {
  /** Where the program connected to, as it gave it to `connect()`: up to three, those with most connections first. */
  readonly connections: readonly UnmatchedConnections[]
}

/** Connections to one destination. */
export interface UnmatchedConnections {
  /** The host that was asked for. */
  readonly host: string
  /** The port that was asked for. */
  readonly port: number
  /** How many connections. */
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
  /** Left out: what the kernel says. */
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

/** Whether anybody listens. */
export function isLossWanted(): boolean {
  return lost().hasSubscribers
}

export function publishLost(socket: Socket, loss: Omit<KeepAliveLost, 'socket'>): void {
  if (lost().hasSubscribers) lost().publish({ socket, ...loss } satisfies KeepAliveLost)
}

function milliseconds(value: number, unit: number): number | undefined {
  return value === LEAVE ? undefined : value * unit
}
