/** The installs of this thread, and which of them match a peer. */
import type { Socket } from 'node:net'
import type { Peer, PeerMatcher } from '../settings/match.ts'
import { reportFailure } from '../socket/failure.ts'
import { type Claim, type Claims, NO_CLAIMS } from './claim.ts'
import type { Destination } from './destination.ts'

/** An install, as long as it is not uninstalled. */
export interface InstallClaim extends Claim {
  readonly matcher: PeerMatcher
  /** A list of this install alone, which most sockets share. */
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

/** The installs that may match a connection. */
export interface Candidates {
  readonly claims: Claims
  /** The host that was asked for, where the peer's address decides whether all of them match. */
  readonly undecided: string | undefined
}

/** @returns `undefined`: no install matches */
export function candidatesFor({ host, port }: Destination): Candidates | undefined {
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

/** What can be said of an attempt to connect to an address, without asking the program's own function. */
export function mayMatch({ matcher }: InstallClaim, peer: Peer | undefined): boolean {
  return peer === undefined || (matcher.during?.(peer) ?? true)
}

/** Those of the candidates that match, now that the peer's address is known. */
export function matching(socket: Socket, candidates: Claims, host: string): Claims {
  const { remoteAddress, remotePort } = socket
  // A peer that is gone again already has no address any more.
  const peer = { host, address: remoteAddress ?? '', port: remotePort ?? 0 }
  const found = candidates.filter((install) => matches(socket, install as InstallClaim, peer))
  const [first] = found as unknown as InstallClaim[]
  return first && found.length === 1 ? first.alone : found
}

function matches(socket: Socket, { matcher }: InstallClaim, peer: Peer): boolean {
  try {
    return matcher.late(peer)
  } catch (error) {
    reportFailure(socket, error)
    return false
  }
}
