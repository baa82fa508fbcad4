/**
 * Which copy of this package holds: where several are loaded in one thread, one of them does it for all, so that the
 * methods are wrapped once, each socket is set once, and it is one order in which claims come (see docs/whole-program.md).
 */
import type { Server, Socket } from 'node:net'
import type { PeerMatcher } from '../settings/match.ts'
import type { KernelValues } from '../settings/options.ts'
import { type Follower, following } from '../socket/keepalive.ts'
import type { Claim } from './claim.ts'
import { heldOn } from './held.ts'
import type { KeepAliveHold } from './hold.ts'
import type { KeepAliveInstall } from './install.ts'
import { install } from './installed.ts'
import { follow } from './own-call.ts'
import { holdServer } from './server.ts'
import { holdSocket } from './socket-hold.ts'
import { isWrapped } from './wrap.ts'

/**
 * What a copy does for the others, which may be of other versions: options are checked and solved by the copy that was
 * called, and what is handed over is numbers for the kernel.
 */
export interface Keeper extends Follower {
  holdSocket(connection: Socket, values: KernelValues, isConnected: boolean): KeepAliveHold
  holdServer(server: Server, values: KernelValues, isListening: boolean): KeepAliveHold
  install(values: KernelValues, matcher: PeerMatcher): KeepAliveInstall
  /** What holds values on a connection. */
  heldBy(connection: Socket): Claim['by'] | undefined
}

/** This copy. */
const own: Keeper = {
  isKeeping: isWrapped,
  holdSocket,
  holdServer,
  install,
  follow,
  heldBy: (connection) => heldOn(connection)?.governing?.by,
}

const slot = following as { keeper: Keeper | undefined }

/** The copy that holds something, and as long as it does, the one; `undefined` where nothing is held. */
export function keeping(): Keeper | undefined {
  return slot.keeper?.isKeeping() ? slot.keeper : undefined
}

/** The copy that is to begin a hold or an install: the one that holds already, else this one. */
export function keeper(): Keeper {
  return keeping() ?? (slot.keeper = own)
}
