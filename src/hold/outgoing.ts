/** Sockets on their way to a connection: which installs match them, and the moment at which values are put in. */
import type { Socket } from 'node:net'
import type { Peer, PeerMatcher } from '../settings/match.ts'
import { reportFailure } from '../socket/failure.ts'
import { beneath } from '../socket/node-internals.ts'
import { putWaiting } from '../socket/pending.ts'
import { type Claim, type Claims, NO_CLAIMS } from './claim.ts'
import { forget, type Held, heldOn, holdOn, keep } from './held.ts'

/** An install, as long as it is not uninstalled. */
export interface InstallClaim extends Claim {
  readonly matcher: PeerMatcher
  /** This install and no other, which is what most sockets match. */
  readonly alone: Claims
}

/** Newest first. */
let installs: readonly InstallClaim[] = []

export function addInstall(install: InstallClaim): void {
  installs = [install, ...installs]
}

export function removeInstall(install: InstallClaim): void {
  installs = installs.filter((other) => other !== install)
}

/** What was given to a `connect()` that has just succeeded in starting. Never throws. */
export function outgoing(socket: Socket, args: readonly unknown[]): void {
  try {
    if (!socket.connecting || beneath(socket) !== socket) return
    const known = heldOn(socket)
    const candidates = installs.length === 0 ? undefined : candidatesFor(args)
    if (known === undefined && candidates === undefined) return
    const held = known ?? holdOn(socket)
    held.others = candidates?.claims ?? NO_CLAIMS
    held.host = candidates?.undecided
    held.amended = undefined
    held.applied = undefined
    awaitConnect(socket)
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** Sees to it that a held socket gets its values at the next 'connect', before the program's own listeners run. */
export function awaitConnect(connection: Socket): void {
  // A program may have taken all listeners away since, so whether ours is there is not remembered but made sure of.
  connection.removeListener('connect', onConnect)
  connection.prependListener('connect', onConnect)
}

function onConnect(this: Socket): void {
  this.removeListener('connect', onConnect)
  const held = heldOn(this)
  if (!held) return
  putWaiting(this)
  decide(this, held)
  if (held.governing === undefined) forget(this)
  else keep(this, held)
}

function candidatesFor(
  args: readonly unknown[],
): { claims: Claims; undecided: string | undefined } | undefined {
  const to = destination(args)
  if (!to) return undefined
  const { host, port } = to
  let claims: Claims = NO_CLAIMS
  let undecided: string | undefined
  for (const install of installs) {
    const matches = install.matcher.early(host, port)
    if (matches === false) continue
    claims = claims.length === 0 ? install.alone : [...claims, install]
    if (matches === undefined) undecided = host
  }
  return claims.length === 0 ? undefined : { claims, undecided }
}

/** Finds out which installs match, once the address is known too. */
export function decide(socket: Socket, held: Held): void {
  const { host } = held
  if (host === undefined || socket.connecting) return
  held.host = undefined
  const { remoteAddress, remotePort } = socket
  // A peer that is gone again already has no address any more.
  const peer = { host, address: remoteAddress ?? '', port: remotePort ?? 0 }
  const matching = held.others.filter((install) => matches(socket, install as InstallClaim, peer))
  const [first] = matching as unknown as InstallClaim[]
  held.others = first && matching.length === 1 ? first.alone : matching
}

function matches(socket: Socket, { matcher }: InstallClaim, peer: Peer): boolean {
  try {
    return matcher.late(peer)
  } catch (error) {
    reportFailure(socket, error)
    return false
  }
}

/**
 * Where a `connect()` goes, from its arguments as lib/net.js reads them (normalizeArgs); `undefined` for a pipe.
 * net.connect() hands over an array that it has normalized before.
 */
function destination(args: readonly unknown[]): { host: string; port: number } | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  if (typeof first !== 'object' || first === null) {
    if (typeof first === 'string' && !(Number(first) >= 0)) return undefined
    return { host: hostOf(second), port: Number(first) }
  }
  const { host, port, path } = first as { host?: unknown; port?: unknown; path?: unknown }
  return path ? undefined : { host: hostOf(host), port: Number(port) }
}

function hostOf(host: unknown): string {
  return typeof host === 'string' && host !== '' ? host : 'localhost'
}
