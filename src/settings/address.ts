/** IP addresses and networks, compared as numbers. Without `node:net`, which takes longer to load than all of this. */

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
  const ipv4 = groupsOfIPv4(text)
  if (ipv4) return [0, 0, 0, 0, 0, 0xffff, ...ipv4]
  const [address = ''] = text.split('%', 1)
  return groupsOfIPv6(address)
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; `undefined` for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [, base = text, bits] = /^(.*)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseAddress(base)
  if (!address) return undefined
  const ahead = base.includes(':') ? 0 : MAPPED_BITS
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

/** As inet_pton(3): four numbers without a zero in front. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function groupsOfIPv4(text: string): readonly [number, number] | undefined {
  if (!IPV4.test(text)) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}

/** RFC 4291, 2.2: `::` stands once, for one group of zeros or more, and the last two groups may be an IPv4 address. */
function groupsOfIPv6(text: string): Address | undefined {
  const [front = '', back, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const before = groupsOf(front, back === undefined)
  if (back === undefined) return before?.length === GROUPS ? before : undefined
  const after = groupsOf(back, true)
  if (!before || !after || before.length + after.length >= GROUPS) return undefined
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after]
}

/** @param isEnd whether an IPv4 address may come last */
function groupsOf(part: string, isEnd: boolean): readonly number[] | undefined {
  if (part === '') return []
  const groups: number[] = []
  const texts = part.split(':')
  for (const [index, text] of texts.entries()) {
    const ipv4 = isEnd && index === texts.length - 1 ? groupsOfIPv4(text) : undefined
    if (ipv4) groups.push(...ipv4)
    else if (/^[\da-f]{1,4}$/i.test(text)) groups.push(Number.parseInt(text, 16))
    else return undefined
  }
  return groups
}
