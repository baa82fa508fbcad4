/** IP addresses as numbers, which costs the native part nothing to read. */
import { isIPv4 } from 'node:net'

const GROUPS = 8

/**
 * An IPv4 or IPv6 address as Node gives it, in the IPv6 form (RFC 4291: `::ffff:127.0.0.1`), as four words of 32
 * bits. The zone of a link-local address (`%eth0`) is left out.
 */
export function addressWords(address: string): readonly number[] {
  const text = address.replace(/%.*/, '')
  const groups = isIPv4(text) ? [0, 0, 0, 0, 0, 0xffff, ...ofIPv4(text)] : ofIPv6(text)
  const words: number[] = []
  for (let index = 0; index < GROUPS; index += 2) {
    words.push(((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0))
  }
  return words
}

/** Groups of 16 bits. */
function ofIPv6(text: string): readonly number[] {
  const [head = [], tail] = text.split('::').map(ofGroups)
  if (tail === undefined) return head
  const zeros = Array.from({ length: GROUPS - head.length - tail.length }, () => 0)
  return [...head, ...zeros, ...tail]
}

function ofGroups(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => (isIPv4(group) ? ofIPv4(group) : [Number.parseInt(group, 16)]))
}

function ofIPv4(text: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}
