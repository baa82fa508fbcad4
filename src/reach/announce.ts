/** Publishes connections that no hook saw on the channel `tcp-keepalive:apply`. */
import type { KeepAlive } from '../settings/keepalive.ts'
import type { Peer } from '../settings/match.ts'
import { channelNamed } from '../socket/channel.ts'

/** Published on `tcp-keepalive:apply` when `reach: 'process'` has set values on a connection that other code owns. */
export interface KeepAliveAdopted {
  /** Always `undefined`: the connection has no socket object that this package knows. */
  readonly socket: undefined
  /** The raw descriptor at that moment. Its owner may have closed it since. */
  readonly descriptor: number
  /** The other end. `host` is its address, because no name is known. */
  readonly peer: Peer
  /** The values that were set, times in milliseconds. A field is `undefined` where the owner's value was left alone. */
  readonly settings: KeepAlive
  /** Distinguishes this event from those of a hold, and of an install that reaches one thread. */
  readonly by: 'reach'
}

const applied = channelNamed('tcp-keepalive:apply')

export function publishAdopted(adopted: Omit<KeepAliveAdopted, 'socket' | 'by'>): void {
  if (applied().hasSubscribers) {
    applied().publish({ socket: undefined, ...adopted, by: 'reach' } satisfies KeepAliveAdopted)
  }
}
