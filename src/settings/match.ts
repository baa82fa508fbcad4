/** Matches peers: by ports, host patterns, or a function. */
import { domainToASCII } from 'node:url' // which Node has loaded before any program
import { type Address, contains, type Network, parseAddress, parseNetwork } from './address.ts'
import { coded, invalidArgType } from './errors.ts'

/** The other end of an outgoing connection, when it has just been made. */
export interface Peer {
  /** The requested host, as given to `connect()`: a name or an address; `localhost` if none was given. */
  readonly host: string
  /** The address of the connection. */
  readonly address: string
  /** The port of the connection. */
  readonly port: number
}

/**
 * A port, or a text: `5432`, `*:5432`, `db.internal` (any port), `db.internal:*`, `*.internal:5432`, `10.0.0.5:5432`,
 * `10.0.0.0/8:5432`, `[::1]:5432`, `[fd00::/8]:*`. In a name `*` stands for any characters, dots included. A name of
 * other letters than `a-z`, such as `bücher.test`, is the same as its `xn--` form; there `*` stands for whole labels. A name also matches
 * the addresses that this thread has resolved it to. An IPv4 peer
 * matches IPv4 patterns, also if it is reached as `::ffff:10.0.0.5`. It does not match an IPv6 pattern such as `[::/0]:*`, except
 * one within `::ffff:0:0/96`.
 */
export type PeerPattern = number | string

/** The peers to match: those that match one of the patterns, or for which the function returns `true`. The function is synchronous. */
export type PeerMatch = PeerPattern | readonly PeerPattern[] | ((peer: Peer) => boolean | undefined)

/** A {@link PeerMatch}, checked and ready for use. */
export interface PeerMatcher {
  /** The decision before the host's name is resolved; `undefined`: not possible yet. */
  early(host: string, port: number): boolean | undefined
  /** The decision for an attempt to connect to an address; left out if the program's own function decides. */
  during?(peer: Peer): boolean
  /** The decision for a connection. Throws what the program's own function throws, and throws if that returns a promise. */
  late(peer: Peer): boolean
  /** The decision by a peer's other names; left out if no pattern has a name. */
  readonly names?: NameMatcher
  /** Whether something has matched that no hook of this thread saw; put in by what looks for it. */
  hasMatchedUnseen?(): boolean
}

/** The patterns of a match that have a name. */
export interface NameMatcher {
  /** Whether a name matches, at any port. */
  fits(name: string): boolean
  /** Whether a name can decide about an address at this port. */
  decides(port: number): boolean
  /** The first of these names that matches at this port. */
  among(names: readonly string[], port: number): string | undefined
}

interface Pattern {
  /** `undefined`: any. */
  readonly port: number | undefined
  readonly host: 'any' | Name | Network
}

/** A name's fixed parts, between which any characters may stand. */
interface Name {
  readonly parts: readonly string[]
}

const everyone: PeerMatcher = { early: () => true, late: () => true }

/**
 * Checks a match and makes it ready for use.
 *
 * @param match left out: every peer
 * @throws TypeError [ERR_INVALID_ARG_TYPE], TypeError [ERR_INVALID_ARG_VALUE] for a text that is no pattern
 */
export function peerMatcher(match: PeerMatch | undefined): PeerMatcher {
  if (match === undefined) return everyone
  if (typeof match === 'function') return { early: () => undefined, late: (peer) => answerOf(match(peer)) }
  const list = Array.isArray(match) ? (match as readonly PeerPattern[]) : [match as PeerPattern]
  const patterns = Array.from(list, (pattern) => parsePattern(pattern)) // unlike map(), it does not pass over a hole
  if (patterns.length === 0) throw notPattern('[]', 'an empty list matches nobody')
  const late = ({ host, port, address }: Peer): boolean => anyOf(patterns, port, host, address) === true
  const names = nameMatcher(patterns)
  const matcher: PeerMatcher = {
    early: (host, port) => anyOf(patterns, port, host, host),
    during: late,
    late,
  }
  return names ? { ...matcher, names } : matcher
}

interface NamePattern extends Pattern {
  readonly host: Name
}

function isMeant(patterns: readonly NamePattern[], name: string): boolean {
  const normal = nameOf(name)
  return patterns.some(({ host }) => fits(host, normal))
}

function nameMatcher(patterns: readonly Pattern[]): NameMatcher | undefined {
  const named = patterns.filter((pattern): pattern is NamePattern => {
    return pattern.host !== 'any' && 'parts' in pattern.host
  })
  if (named.length === 0) return undefined
  const isAt = (port: number, pattern: Pattern): boolean =>
    pattern.port === undefined || pattern.port === port
  return {
    fits: (name) => isMeant(named, name),
    decides: (port) => named.some((pattern) => isAt(port, pattern)),
    among(names, port) {
      const some = named.filter((pattern) => isAt(port, pattern))
      return names.find((name) => isMeant(some, name))
    },
  }
}

/** A promise is truthy whatever it resolves to, so an async function would match every peer. */
function answerOf(answer: unknown): boolean {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return Boolean(answer)
  Promise.resolve(answer).catch(() => {}) // its result is not used, so it must not become an unhandled rejection
  const message = 'The "match" function must return true or false at once, not a promise'
  throw coded(new TypeError(message), 'ERR_INVALID_RETURN_VALUE')
}

/** Parses name and address once, and only if the port of a pattern matches. */
function anyOf(
  patterns: readonly Pattern[],
  port: number,
  host: string,
  addressText: string,
): boolean | undefined {
  let answer: boolean | undefined = false
  let name: string | undefined
  let address: Address | undefined
  for (const pattern of patterns) {
    if (pattern.port !== undefined && pattern.port !== port) continue
    const { host: wanted } = pattern
    if (wanted === 'any') return true
    if ('parts' in wanted) {
      if (fits(wanted, (name ??= nameOf(host)))) return true
    } else if ((address ??= parseAddress(addressText)) === undefined) answer = undefined
    else if (isWithin(wanted, address)) return true
  }
  return answer
}

let ipv4: Network | undefined

/** All IPv4 addresses (RFC 4291, 2.5.5.2); not at import, as Node takes milliseconds to compile what reads addresses. */
function ofIPv4(): Network {
  ipv4 ??= parseNetwork('::ffff:0:0/96') as Network
  return ipv4
}

/** An IPv6 network does not match IPv4 addresses that are mapped into it. */
function isWithin(network: Network, address: Address): boolean {
  return contains(network, address) && (network.prefix >= ofIPv4().prefix || !contains(ofIPv4(), address))
}

/** Names are the same in any case, with a dot at their end (RFC 1034, 3.1), and in their ASCII form (RFC 5891, 4.4). */
export function nameOf(host: string): string {
  const name = IS_ASCII.test(host) ? host : domainToASCII(host) || host
  return name.toLowerCase().replace(/\.$/, '')
}

// oxlint-disable-next-line no-control-regex -- ASCII has them
const IS_ASCII = /^[\u0000-\u007F]*$/

/** One pass over the name, for any number of stars. */
function fits({ parts }: Name, name: string): boolean {
  const [first = ''] = parts
  if (parts.length === 1) return name === first
  const last = parts.at(-1) ?? ''
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false
  const end = name.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

function parsePattern(pattern: PeerPattern): Pattern {
  if (typeof pattern === 'number') return { port: parsePort(String(pattern), String(pattern)), host: 'any' }
  if (typeof pattern !== 'string') {
    throw invalidArgType(
      'match',
      'a port, a pattern such as "db.internal:5432", a list or a function',
      pattern,
    )
  }
  const text = pattern.trim()
  if (/^\d+$/.test(text)) return { port: parsePort(text, text), host: 'any' }
  const [scheme] = /^[a-z][a-z\d+.-]*:\/\//i.exec(text) ?? []
  // The rest may contain a password, and the message is printed.
  if (scheme !== undefined) throw notPattern(`${scheme}…`, 'write a host and a port, not a URL')
  const [, bracketed, bare = '', port] = /^(?:\[(.*)\]|([^[\]:]*))(?::([^:]*))?$/.exec(text) ?? []
  if (bracketed === undefined && bare === '') {
    const isIPv6 = text.includes(':') && port === undefined
    throw notPattern(
      text,
      isIPv6 ? 'an IPv6 address stands in brackets, as [::1]:5432' : 'the host is missing, as in *:5432',
    )
  }
  return {
    port: port === undefined || port === '*' ? undefined : parsePort(port, text),
    host: bracketed === undefined ? parseHost(bare, text) : parseIPv6(bracketed, text),
  }
}

export function isPort(number: unknown): number is number {
  return Number.isInteger(number) && (number as number) >= 1 && (number as number) <= 65_535
}

function parsePort(port: string, text: string): number {
  const number = Number(port)
  if (/^\d+$/.test(port) && isPort(number)) return number
  throw notPattern(text, 'a port is 1 to 65535, or * for any')
}

function parseHost(host: string, text: string): Pattern['host'] {
  if (host === '*') return 'any'
  const network = parseNetwork(host)
  if (network) return network
  if (/^[\d.*/]+$/.test(host)) throw notPattern(text, 'addresses are 10.0.0.5 or 10.0.0.0/8')
  if (/^\d+\.[\d.]*-[\d.]+$/.test(host)) {
    throw notPattern(text, 'a range of addresses is written as a network, as 10.0.0.0/8')
  }
  if (/^\d+-\d+$/.test(host)) throw notPattern(text, 'of a range of ports, each is named by itself')
  return { parts: nameOf(asciiPattern(host, text)).split('*') }
}

/** Converts label by label. The ASCII form is not made letter by letter (RFC 3492), so a star within a label has no meaning in it. */
function asciiPattern(host: string, text: string): string {
  const labels = host.split('.').map((label) => {
    if (IS_ASCII.test(label)) return label
    if (!label.includes('*')) return domainToASCII(label) || '?'
    throw notPattern(text, 'beside letters other than a-z, * stands for whole labels, as in *.bücher.test')
  })
  const name = labels.join('.')
  if (!/^[a-z\d._*-]+$/i.test(name)) throw notPattern(text, 'that is no host name')
  return name
}

function parseIPv6(inside: string, text: string): Network {
  const network = inside.includes(':') ? parseNetwork(inside) : undefined
  if (network) return network
  throw notPattern(text, 'in brackets stands an IPv6 address or network, as [fd00::/8]:5432')
}

function notPattern(text: string, why: string): TypeError {
  const message = `"${text}" does not say which peers: ${why}`
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE')
}
