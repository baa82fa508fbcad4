/**
 * Finds the names of addresses. A client that resolves a name itself, as gRPC does, gives `connect()` an address. A `match` with the
 * name of the host must still match. So while a pattern of any install has a name, the answers to lookups are recorded.
 *
 * Node reports an answer shortly after the client got it, perhaps after the connection was made. So connections that no
 * name has decided about stay here until they end, and each new answer about their address decides again.
 */
import type { Socket } from 'node:net'
import { nameOf } from '../settings/match.ts'
import { canonical, ResolvedNames } from '../settings/resolved-names.ts'
import { type DnsAnswer, observeAnswers } from '../socket/dns-answers.ts'
import { reportFailure } from '../socket/failure.ts'
import type { Claims } from './claim.ts'

/** A connection about which a name may still decide. */
export interface AwaitingName {
  readonly host: string
  readonly address: string
  readonly candidates: Claims
}

/** The user of the names. */
export interface NameObserver {
  /** Whether a pattern means this name, at any port. */
  isWanted(name: string): boolean
  /** Decides about a connection again. */
  decide(connection: Socket, awaiting: AwaitingName): void
}

const resolved = new ResolvedNames()
const awaiting = new Map<Socket, AwaitingName>()
let end: (() => void) | undefined

/** Starts recording answers; does nothing if already started. Loads what it needs. */
export function observeNames(observer: NameObserver): void {
  end ??= observeAnswers((answer) => {
    try {
      onAnswer(observer, answer)
    } catch (error) {
      reportFailure(resolved, error)
    }
  })
}

/** Called when no pattern has a name any more. */
export function forgetNames(): void {
  end?.()
  end = undefined
  resolved.clear()
  awaiting.clear()
}

/** The names of an address, as far as they are known. */
export function namesOf(address: string): readonly string[] {
  return end === undefined ? [] : resolved.of(address)
}

export function awaitName(connection: Socket, { host, address, candidates }: AwaitingName): void {
  if (end !== undefined) awaiting.set(connection, { host, address: canonical(address), candidates })
}

/** Called when a connection ends, connects again, or is decided about. */
export function awaitNoName(connection: Socket): void {
  if (awaiting.size > 0) awaiting.delete(connection)
}

function onAnswer(observer: NameObserver, { name, addresses, families }: DnsAnswer): void {
  if (!observer.isWanted(name)) return
  const added = resolved.note(nameOf(name), addresses, families)
  if (added.length === 0) return
  for (const [connection, waiting] of awaiting) {
    if (added.includes(waiting.address)) observer.decide(connection, waiting)
  }
}
