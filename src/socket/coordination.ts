/**
 * Which copy of this package coordinates the holds and installs of this thread. If several copies are loaded, one of them does
 * it for all. So the methods are wrapped once, each socket is set once, and all claims have one order (docs/whole-program.md).
 *
 * This file imports only types, so that two layers can use it: `socket/` reports the program's own sets, and `hold/` is the
 * coordinator.
 */
import type { Server, Socket } from 'node:net'
import type { PeerMatcher } from '../settings/match.ts'
import type { KernelValues } from '../settings/options.ts'
import { shared } from './shared.ts'
import type { Target } from './target.ts'

/**
 * What a copy does for the others, which may be of other versions. So only what all versions understand is passed: sockets,
 * numbers for the kernel, and functions. The calling copy has already checked and solved the options.
 *
 * These methods never change. A later version may add one, as an optional method, or a field to the values; a copy that does
 * not know the field ignores it.
 */
export interface Coordinator {
  /** Whether it holds anything, or watches closes. */
  isActive(): boolean
  holdSocket(connection: Socket, values: KernelValues, isConnected: boolean): Releasable
  holdServer(server: Server, values: KernelValues, isListening: boolean): Releasable
  install(values: KernelValues, matcher: PeerMatcher): Uninstallable
  /** Reports that a connection that no hook saw fits the matcher of an install. */
  hasMatched?(matcher: PeerMatcher): void
  /** Installs values on connections that the servers of this thread accept at these local ports; `undefined`: at all ports. */
  installAccepted?(values: KernelValues, ports: readonly number[] | undefined): Uninstallable
  /**
   * Called after each `setKeepAlive()` of the program that has succeeded.
   *
   * @param asked the values that were set; `undefined` for `false`, which ends the hold on the target
   */
  afterOwnSet(target: Target, asked: KernelValues | undefined): void
  /**
   * Called when the first connection of the thread gets a deadline. Wraps `_destroy`, so that each socket is seen before it closes.
   *
   * @throws TypeError if other code has frozen the method
   */
  coverCloses(): void
  /** Called when no connection has a deadline any more. */
  uncoverCloses(): void
  /** What holds values on a connection. */
  heldBy(connection: Socket): 'hold' | 'install' | undefined
}

/** Becomes a `KeepAliveHold`. */
interface Releasable {
  release(): void
  [Symbol.dispose](): void
}

/** Becomes a `KeepAliveInstall`. */
interface Uninstallable {
  uninstall(): void
  [Symbol.dispose](): void
}

/** The last copy that began to coordinate. It stays here even when it no longer holds anything. */
const latest: { coordinator: Coordinator | undefined } = shared('coordinator', () => ({
  coordinator: undefined,
}))

/** The copy that coordinates at the moment; `undefined` if nothing is held. */
export function activeCoordinator(): Coordinator | undefined {
  return latest.coordinator?.isActive() ? latest.coordinator : undefined
}

/** Makes a copy the coordinator. */
export function appoint(coordinator: Coordinator): Coordinator {
  latest.coordinator = coordinator
  return coordinator
}
