/** Addresses as text, from the numbers in which a kernel has them. */

/**
 * The text of an address of four words of 32 bits, the most significant first; a v4-mapped one is written as IPv4.
 *
 * @example
 * addressText(0, 0, 0xffff, 0x7f000001) // '127.0.0.1'
 */
export function addressText(a: number, b: number, c: number, d: number): string {
  if (a === 0 && b === 0 && c === 0xffff)
    return `${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`
  const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff])
  const text = groups.map((group) => group.toString(16))
  const { start, length } = longestZeros(groups)
  if (length < 2) return text.join(':')
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`
}

/** Whether an address, as {@link addressText} writes it, is of this very machine. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** As people write an end of a connection: 10.0.0.5:5432, [fd00::1]:5432. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** The groups that are written as `::`: the longest row of zeros, the first of several (RFC 5952, 4.2). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  const best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) Object.assign(best, { start, length: index + 1 - start })
  }
  return best
}
