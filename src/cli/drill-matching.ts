/** The connections of a process that a drill means, and those that it does not. */
import { readFileSync } from 'node:fs'
import { endpointText } from '../settings/address-text.ts'
import type { PeerMatcher } from '../settings/match.ts'
import { type ProcessSocket, socketsOf } from './process-sockets.ts'

/** Peers that are named where none matches. */
const MOST_OTHERS = 5

/** Only an address is known from outside, and no name. */
export function matchingIn(pid: number, matcher: PeerMatcher): ProcessSocket[] {
  return socketsOf(pid).sockets.filter(
    ({ remote: { address, port }, state }) =>
      state === 'established' && matcher.late({ host: address, address, port }),
  )
}

/** Where a process is connected to, for a person; empty: nowhere. */
export function peersOf(pid: number): string {
  const { sockets } = socketsOf(pid)
  const peers = [...new Set(sockets.map(({ remote }) => endpointText(remote.address, remote.port)))]
  const more = peers.length - MOST_OTHERS
  return `${peers.slice(0, MOST_OTHERS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Whether a process is there no more, or only for its parent to learn how it ended: `Z` and `X` in proc_pid_stat(5). */
export function hasEnded(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2))
  } catch {
    return true
  }
}
