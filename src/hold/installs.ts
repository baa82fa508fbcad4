/** The installs of this thread, and which of them match a peer. */
import { isIP, type Socket } from 'node:net'
import type { Peer, PeerMatcher } from '../settings/match.ts'
import { reportFailure } from '../socket/failure.ts'
import { type Claim, type Claims, NO_CLAIMS } from './claim.ts'
import type { Destination } from './destination.ts'
import type { Unmatched } from './unmatched.ts'
import { namesOf } from './names.ts'

/** An install that is in force. */
export interface InstallClaim extends Claim {
  readonly matcher: PeerMatcher
  /** A list with only this install, which most sockets share. */
  readonly alone: Claims
  /** The destinations that did not match, until one matches. */
  readonly unmatched: Unmatched
}

/** Newest first. */
let installs: readonly InstallClaim[] = []

export function addInstall(install: InstallClaim): void {
  installs = [install, ...installs]
}

export function removeInstall(install: InstallClaim): void {
  installs = installs.filter((other) => other !== install)
  install.unmatched.end()
}

/** Called when a connection that no hook saw matches. */
export function hasMatched(matcher: PeerMatcher): void {
  for (const install of installs) if (install.matcher === matcher) install.unmatched.end()
}

/** Whether a pattern of any install has a name; with an argument, whether any pattern has this name. */
export function isNameWanted(name?: string): boolean {
  return installs.some(({ matcher: { names } }) => names && (name === undefined || names.fits(name)))
}

/** The installs that may match a connection. */
export interface Candidates {
  readonly claims: Claims
  /** The requested host, if the peer's address or name still decides whether all of them match. */
  readonly undecided: string | undefined
}

/** @returns `undefined`: no install matches */
export function candidatesFor({ host, port }: Destination): Candidates | undefined {
  let claims: Claims = NO_CLAIMS
  let undecided: string | undefined
  for (const install of installs) {
    const early = earlyAnswer(install, host, port)
    if (early === false) {
      install.unmatched.note(host, port)
      continue
    }
    claims = claims.length === 0 ? install.alone : [...claims, install]
    if (early === undefined) undecided = host
    else install.unmatched.end()
  }
  return claims.length === 0 ? undefined : { claims, undecided }
}

/** A name may have been resolved to the requested address. */
function earlyAnswer({ matcher }: InstallClaim, host: string, port: number): boolean | undefined {
  const early = matcher.early(host, port)
  return early === false && mayBeByName(matcher, host, port) ? undefined : early
}

/** The port is compared first: it excludes most connections, and is cheaper than reading an address. */
function mayBeByName({ names }: PeerMatcher, host: string, port: number): boolean {
  return names !== undefined && names.decides(port) && isIP(host) !== 0
}

/** Decides about an attempt to connect to an address, without calling the program's own function. */
export function mayMatch({ matcher }: InstallClaim, peer: Peer | undefined): boolean {
  if (peer === undefined) return true
  return (matcher.during?.(peer) ?? true) || nameOfPeer(matcher, peer) !== undefined
}

/** The installs that match a connection. */
export interface Matching {
  readonly claims: Claims
  /** The name with which the newest of them matches, if the client resolved it itself. */
  readonly byName: string | undefined
  /** Whether a name that is resolved later can add an install. */
  readonly isOpen: boolean
}

/** The candidates that match, now that the peer's address is known. */
export function matching(socket: Socket, candidates: Claims, host: string): Matching {
  const { remoteAddress, remotePort } = socket
  // If the peer has already gone, its address is not known.
  const peer = { host, address: remoteAddress ?? '', port: remotePort ?? 0 }
  const found: InstallClaim[] = []
  let byName: string | undefined
  let isOpen = false
  for (const install of candidates as readonly InstallClaim[]) {
    const isMatch = matches(socket, install, peer)
    const name = isMatch ? undefined : nameOfPeer(install.matcher, peer)
    if (isMatch || name !== undefined) {
      if (found.length === 0) byName = name
      found.push(install)
      install.unmatched.end()
    } else isOpen ||= mayBeByName(install.matcher, host, peer.port)
  }
  const first = found[0]
  return { claims: first && found.length === 1 ? first.alone : found, byName, isOpen }
}

/** Records the candidates that do not match. */
export function noteMisses(candidates: Claims, claims: Claims, { host, port }: Destination): void {
  if (claims.length === candidates.length) return
  for (const install of candidates as readonly InstallClaim[]) {
    if (!claims.includes(install)) install.unmatched.note(host, port)
  }
}

/** The name in a pattern that was resolved to the requested address. */
function nameOfPeer(matcher: PeerMatcher, { host, port }: Peer): string | undefined {
  return mayBeByName(matcher, host, port) ? matcher.names?.among(namesOf(host), port) : undefined
}

function matches(socket: Socket, { matcher }: InstallClaim, peer: Peer): boolean {
  try {
    return matcher.late(peer)
  } catch (error) {
    reportFailure(socket, error)
    return false
  }
}
