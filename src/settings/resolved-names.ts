/** Stores which addresses names were resolved to. Pure, with a limited size. */
import { addressText } from './address-text.ts'
import { addressWords } from './address.ts'

/** The families of addresses that an answer is about. */
export type Family = 4 | 6

/** The maximum number of pairs of a name and an address. The oldest is removed first. */
const MOST_PAIRS = 1000

/** One text for one address: an IPv4 address is the same where it is mapped into IPv6. */
export function canonical(address: string): string {
  if (!address.includes(':')) return address
  const [a = 0, b = 0, c = 0, d = 0] = addressWords(address)
  return addressText(a, b, c, d)
}

export class ResolvedNames {
  /** The addresses of each name; of the names, the one that was resolved last is the last. */
  readonly #addresses = new Map<string, readonly string[]>()
  /** The names of each address. */
  readonly #names = new Map<string, Set<string>>()
  #pairs = 0

  /**
   * Records an answer. It replaces the earlier addresses of the name in the same address families.
   *
   * @returns the addresses that are new for this name
   */
  note(name: string, addresses: readonly string[], families: readonly Family[]): readonly string[] {
    const before = this.#addresses.get(name) ?? []
    const resolved = new Set(addresses.map(canonical))
    const others = before.filter((address) => !families.includes(familyOf(address)))
    this.#forget(name)
    this.#put(name, [...new Set([...others, ...resolved])])
    while (this.#pairs > MOST_PAIRS) this.#forget(this.#oldest())
    return [...resolved].filter((address) => !before.includes(address))
  }

  /** The names that were resolved to an address. */
  of(address: string): readonly string[] {
    return [...(this.#names.get(canonical(address)) ?? [])]
  }

  clear(): void {
    this.#addresses.clear()
    this.#names.clear()
    this.#pairs = 0
  }

  #oldest(): string {
    const [name = ''] = this.#addresses.keys()
    return name
  }

  #put(name: string, addresses: readonly string[]): void {
    // If a name has more addresses than the limit, only some are stored.
    const kept = addresses.slice(0, MOST_PAIRS)
    if (kept.length === 0) return // it is known no longer
    this.#addresses.set(name, kept)
    this.#pairs += kept.length
    for (const address of kept) {
      const names = this.#names.get(address)
      if (names) names.add(name)
      else this.#names.set(address, new Set([name]))
    }
  }

  #forget(name: string): void {
    const addresses = this.#addresses.get(name) ?? []
    this.#addresses.delete(name)
    this.#pairs -= addresses.length
    for (const address of addresses) {
      const names = this.#names.get(address)
      names?.delete(name)
      if (names?.size === 0) this.#names.delete(address)
    }
  }
}

function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}
