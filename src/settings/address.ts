/** IP addresses and networks, compared as numbers. */
import { isIPv4, isIPv6 } from 'node:net'

/** An address as eight groups of 16 bits; an IPv4 address as its v4-mapped one, so that both spellings are equal. */
export type Address = readonly number[]

/** Addresses whose first `prefix` bits, of 128, are those of `address`. */
export interface Network {
  readonly address: Address
  readonly prefix: number
}

const GROUPS = 8
const GROUP_BITS = 16
/** The bits in front of an IPv4 address in its v4-mapped one, ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96

/** Reads an IPv4 or IPv6 address; `undefined` for anything else. A zone, as in `fe80::1%eth0`, is left out. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return [0, 0, 0, 0, 0, 0xffff, ...groupsOfIPv4(text)]
  const [address = ''] = text.split('%', 1)
  return isIPv6(address) ? groupsOfIPv6(address) : undefined
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; `undefined` for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [, base = text, bits] = /^(.*)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseAddress(base)
  if (!address) return undefined
  const ahead = isIPv4(base) ? MAPPED_BITS : 0
  const prefix = bits === undefined ? GROUPS * GROUP_BITS : ahead + Number(bits)
  return prefix <= GROUPS * GROUP_BITS ? { address, prefix } : undefined
}

/**
 * An address as Node gives it, as four words of 32 bits, the most significant first: so the binding reads it.
 *
 * @throws TypeError for a text that is no address
 */
export function addressWords(text: string): readonly number[] {
  const groups = parseAddress(text)
  if (!groups) throw new TypeError(`"${text}" is not an IP address`)
  const words: number[] = []
  for (let index = 0; index < GROUPS; index += 2) {
    words.push(((groups[index] ?? 0) << GROUP_BITS) | (groups[index + 1] ?? 0))
  }
  return words
}

export function contains({ address, prefix }: Network, other: Address): boolean {
  for (let group = 0, left = prefix; left > 0; group++, left -= GROUP_BITS) {
    const different = (address[group] ?? 0) ^ (other[group] ?? 0)
    if (different >> Math.max(0, GROUP_BITS - left) !== 0) return false
  }
  return true
}

function groupsOfIPv4(text: string): [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}

function groupsOfIPv6(text: string): Address {
  const [front = '', back] = text.split('::')
  const before = groupsOf(front)
  if (back === undefined) return before
  const after = groupsOf(back)
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after]
}

function groupsOf(part: string): number[] {
  if (part === '') return []
  return part
    .split(':')
    .flatMap((group) => (group.includes('.') ? groupsOfIPv4(group) : [Number.parseInt(group, 16)]))
}
