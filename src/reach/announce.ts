/** What is told of a connection that no hook saw. */
import type { KeepAlive } from '../settings/keepalive.ts'
import type { Peer } from '../settings/match.ts'
import { channelNamed } from '../socket/channel.ts'

/** What is published on `tcp-keepalive:apply` when `reach: 'process'` has put values into a connection of somebody else. */
export interface KeepAliveAdopted {
  /** There is none that this package knows. */
  readonly socket: undefined
  /** The raw descriptor, as it was then. */
  readonly descriptor: number
  /** The other end; `host` is its address, as no name was seen. */
  readonly peer: Peer
  /** What was put in, in milliseconds; `undefined` for what its owner has as it was. */
  readonly settings: KeepAlive
  /** Tells it apart from what a hold or an install of the thread has put in. */
  readonly by: 'reach'
}

const applied = channelNamed('tcp-keepalive:apply')

export function publishAdopted(adopted: Omit<KeepAliveAdopted, 'socket' | 'by'>): void {
  if (applied().hasSubscribers) {
    applied().publish({ socket: undefined, ...adopted, by: 'reach' } satisfies KeepAliveAdopted)
  }
}
