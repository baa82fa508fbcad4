/** The connections of a process that match a drill's patterns, and its other peers. */
import { readFileSync } from 'node:fs'
import { endpointText } from '../settings/address-text.ts'
import type { PeerMatcher } from '../settings/match.ts'
import { type ProcessSocket, socketsOf } from './process-sockets.ts'

/** How many peers a message names if no connection matches. */
const MOST_OTHERS = 5

/** Matches by address: the names of hosts are not known here. */
export function matchingIn(pid: number, matcher: PeerMatcher): ProcessSocket[] {
  return socketsOf(pid).sockets.filter(
    ({ remote: { address, port }, state }) =>
      state === 'established' && matcher.late({ host: address, address, port }),
  )
}

/** The peers of a process, as text for a message; empty if there are none. */
export function peersOf(pid: number): string {
  const { sockets } = socketsOf(pid)
  const peers = [...new Set(sockets.map(({ remote }) => endpointText(remote.address, remote.port)))]
  const more = peers.length - MOST_OTHERS
  return `${peers.slice(0, MOST_OTHERS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Whether a process is gone or a zombie: `Z` and `X` in proc_pid_stat(5). */
export function hasEnded(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2))
  } catch {
    return true
  }
}
