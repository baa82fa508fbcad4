/**
 * Sets an install's values on the sockets that any server of this thread accepts.
 *
 * Node publishes each accepted socket on `net.server.socket`, after the server's own 'connection' listeners have run
 * (onconnection in lib/net.js of Node 18 to 26). So the server is not changed, and a server that already listens is
 * covered too.
 */
import { Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { reportFailure } from '../socket/failure.ts'
import { isPipe } from '../socket/node-internals.ts'
import { applyEffective } from './apply.ts'
import type { Claim, Claims } from './claim.ts'
import { nodeDiagnostics } from '../socket/node-modules.ts'
import type { KeepAliveInstall } from './handles.ts'
import { ensureState } from './socket-state.ts'
import { leaveWrap, useWrap } from './wrap.ts'

/** Node's channel for each connection that a server accepts. */
const ACCEPTED = 'net.server.socket'

class AcceptedInstall implements Claim, KeepAliveInstall {
  readonly by = 'install'
  active = true
  /** A list with only this install, which most sockets share. */
  readonly alone: Claims = [this]
  readonly values: KernelValues
  readonly #ports: ReadonlySet<number> | undefined

  constructor(values: KernelValues, ports: readonly number[] | undefined) {
    this.values = values
    this.#ports = ports && new Set(ports)
  }

  covers({ localPort }: Socket): boolean {
    return this.#ports === undefined || (localPort !== undefined && this.#ports.has(localPort))
  }

  uninstall(): void {
    if (!this.active) return
    this.active = false
    installs = installs.filter((other) => other !== this)
    if (installs.length === 0) nodeDiagnostics().unsubscribe(ACCEPTED, onAccepted)
    leaveWrap()
  }

  [Symbol.dispose](): void {
    this.uninstall()
  }
}

/** Newest first. */
let installs: readonly AcceptedInstall[] = []

/** @param ports the local ports; `undefined`: all */
export function installAccepted(
  values: KernelValues,
  ports: readonly number[] | undefined,
): KeepAliveInstall {
  const begun = new AcceptedInstall(values, ports)
  useWrap()
  if (installs.length === 0) nodeDiagnostics().subscribe(ACCEPTED, onAccepted)
  installs = [begun, ...installs]
  return begun
}

function onAccepted(message: unknown): void {
  const { socket } = message as { readonly socket?: unknown }
  if (!(socket instanceof Socket)) return
  try {
    // A listener for 'connection' may have destroyed it already; then no event would report its end.
    if (!socket.destroyed && !isPipe(socket)) cover(socket)
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** A hold of the server takes precedence over any install. */
function cover(connection: Socket): void {
  const covering = installs.filter((install) => install.covers(connection))
  const [first] = covering
  if (first === undefined) return
  const state = ensureState(connection)
  const claims = covering.length === 1 ? first.alone : covering
  state.others = state.others.length === 0 ? claims : [...state.others, ...claims]
  applyEffective(connection, state)
}
