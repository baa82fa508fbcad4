/**
 * Which copy of this package coordinates the holds and installs of this thread. Where several copies are loaded, one does it
 * for all: the methods are then wrapped once, each socket is set once, and claims have one order (docs/whole-program.md).
 *
 * This file imports types only, so that both `socket/`, which reports the program's own sets, and `hold/`, which does the
 * coordinating, can use it.
 */
import type { Server, Socket } from 'node:net'
import type { PeerMatcher } from '../settings/match.ts'
import type { KernelValues } from '../settings/options.ts'
import { shared } from './shared.ts'
import type { Target } from './target.ts'

/**
 * What a copy does for the others, which may be of other versions. So only what all versions understand is passed: sockets,
 * numbers for the kernel, and functions. The copy that was called has checked and solved the options already.
 *
 * These methods never change. A later version may add one, as an optional method, or a field to the values; a copy that does
 * not know the field ignores it.
 */
export interface Coordinator {
  /** Whether it holds anything, or covers closes. */
  isActive(): boolean
  holdSocket(connection: Socket, values: KernelValues, isConnected: boolean): Releasable
  holdServer(server: Server, values: KernelValues, isListening: boolean): Releasable
  install(values: KernelValues, matcher: PeerMatcher): Uninstallable
  /** Says that something fits the matcher of an install that no hook saw. */
  hasMatched?(matcher: PeerMatcher): void
  /** Installs values on what the servers of this thread accept, at these local ports; `undefined`: at every one. */
  installAccepted?(values: KernelValues, ports: readonly number[] | undefined): Uninstallable
  /**
   * Called after each `setKeepAlive()` of the program that has succeeded.
   *
   * @param asked what was set; `undefined` for `false`, which ends what is held on the target
   */
  afterOwnSet(target: Target, asked: KernelValues | undefined): void
  /**
   * Called when the first connection of the thread has a deadline, so that each socket is looked at before it closes.
   *
   * @throws TypeError where somebody has frozen the method
   */
  coverCloses(): void
  /** Called when none has any more. */
  uncoverCloses(): void
  /** What holds values on a connection. */
  heldBy(connection: Socket): 'hold' | 'install' | undefined
}

/** What becomes a `KeepAliveHold`. */
interface Releasable {
  release(): void
  [Symbol.dispose](): void
}

/** What becomes a `KeepAliveInstall`. */
interface Uninstallable {
  uninstall(): void
  [Symbol.dispose](): void
}

/** The last copy that began to coordinate. It stays here when it holds nothing any more. */
const latest: { coordinator: Coordinator | undefined } = shared('coordinator', () => ({
  coordinator: undefined,
}))

/** The copy that coordinates at the moment; `undefined` where nothing is held. */
export function activeCoordinator(): Coordinator | undefined {
  return latest.coordinator?.isActive() ? latest.coordinator : undefined
}

/** Makes a copy the coordinator. */
export function appoint(coordinator: Coordinator): Coordinator {
  latest.coordinator = coordinator
  return coordinator
}
