/** Writes the lines of TCP_KEEPALIVE_LOG=1 about connections. All information comes from the channels. */
import type { KeepAliveApplied, KeepAliveLost, KeepAliveUnmatched } from '../hold/channels.ts'
import type { Outcome } from '../hold/outcome.ts'
import type { KeepAlivePeer } from '../hold/peer.ts'
import { endpointText } from '../settings/address-text.ts'
import { isError } from '../settings/errors.ts'
import type { KeepAliveFailure } from '../socket/failure.ts'
import { nodeDiagnostics } from '../socket/node-modules.ts'

const IN_WORDS: Readonly<Record<Outcome, string>> = {
  'no-answer': 'no answer',
  reset: 'reset',
  unreachable: 'unreachable',
}

/**
 * Starts the log. Call it before any connection is made, because nothing may be loaded in an event.
 *
 * @param write is called with each line, without the newline; it must not throw
 */
export function logTo(write: (line: string) => void): void {
  const lines: Readonly<Record<string, (message: unknown) => string | undefined>> = {
    lost: (message) => lostLine(message as KeepAliveLost),
    error: (message) => failureLine(message as KeepAliveFailure),
    apply: (message) => appliedLine(message as KeepAliveApplied),
    unmatched: (message) => unmatchedLine(message as KeepAliveUnmatched),
  }
  for (const [name, lineOf] of Object.entries(lines)) {
    nodeDiagnostics().subscribe(`tcp-keepalive:${name}`, (message) => {
      const line = orNothing(() => lineOf(message))
      if (line !== undefined) write(`tcp-keepalive: ${line}`)
    })
  }
}

/** A subscriber that throws ends the program. A value that the program's `match` threw may itself throw when it is read. */
function orNothing(line: () => string | undefined): string | undefined {
  try {
    return line()
  } catch {
    return undefined
  }
}

function lostLine({ peer, doing, outcome, error, silentFor }: KeepAliveLost): string {
  const during = doing === undefined ? '' : ` while ${doing}`
  const silence = silentFor === undefined ? '' : `, silent for ${(silentFor / 1000).toFixed(1)} s`
  const { code = error.message } = error as NodeJS.ErrnoException
  return `lost ${peerText(peer)}${during}: ${IN_WORDS[outcome]}${silence} (${code})`
}

export function failureLine({ target, error }: KeepAliveFailure): string {
  const peer = peerOfTarget(target)
  const { option } = (error ?? {}) as { readonly option?: string }
  const what = option === undefined ? 'its values' : option
  return `${peerText(peer)} did not get ${what}: ${onOneLine(isError(error) ? error.message : String(error))}`
}

/** A socket. Where reach/ knows no socket object: a descriptor with its peer, or only the peer. */
function peerOfTarget(target: object): KeepAlivePeer {
  const { peer, address, host, port, remoteAddress, remotePort } = target as {
    readonly [name in 'peer' | 'address' | 'host' | 'port' | 'remoteAddress' | 'remotePort']?: unknown
  }
  if (typeof peer === 'object' && peer !== null) return peerOfTarget(peer)
  // On a socket this is a method.
  if (typeof address === 'string') return { host: textOf(host), address, port: numberOf(port) }
  return { host: undefined, address: textOf(remoteAddress), port: numberOf(remotePort) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Only for connections that no hook saw; for the program's own there would be a line for each connection. */
function appliedLine({ by, peer }: KeepAliveApplied): string | undefined {
  return (by as string) === 'reach' ? adoptedLine(peer) : undefined
}

/** A connection that no hook saw. */
export function adoptedLine(peer: KeepAlivePeer): string {
  return `adopted ${peerText(peer)}`
}

/** As "12 connections to 10.0.0.7:5432 did not match". */
function unmatchedLine({ connections }: KeepAliveUnmatched): string {
  const each = connections.map(({ host, port, count }, index) => {
    const noun = index > 0 ? '' : count === 1 ? ' connection' : ' connections'
    return `${count}${noun} to ${endpointText(host, port)}`
  })
  return `${each.join(', ')} did not match, and none has so far`
}

/** As `db.internal:5432 (10.0.0.5)`. */
function peerText({ host, address, port }: KeepAlivePeer): string {
  const named = host ?? address
  if (named === undefined) return 'a connection'
  const end = port === undefined ? named : endpointText(named, port)
  return address === undefined || address === named ? end : `${end} (${address})`
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
