/**
 * The answers to the lookups of this thread, whoever asks: `dns.lookup()`, `dns.resolve4()` and `resolve6()`, their promises and
 * resolvers. Node tells of them as performance entries of the type `dns`, since 18.3, a moment after the answer was handed over
 * (startPerf and stopPerf in lib/dns.js and lib/internal/dns). Nothing is wrapped.
 */
import { isIP } from 'node:net'
import type { PerformanceObserver } from 'node:perf_hooks'
import type { Family } from '../settings/resolved-names.ts'
import { nodePerfHooks } from './node-modules.ts'

/** What a name was resolved to. */
export interface DnsAnswer {
  readonly name: string
  readonly addresses: readonly string[]
  /** The families that were asked for. */
  readonly families: readonly Family[]
}

const BOTH: readonly Family[] = [4, 6]

/** The families that each kind of query asks for; others, such as those for names, are of no interest. */
const OF_QUERY: Readonly<Record<string, readonly Family[]>> = { queryA: [4], queryAaaa: [6], queryAny: BOTH }

/**
 * Tells of each answer from now on; nothing where the runtime does not say. Loads a module of Node.
 *
 * @param told called with each answer; it must not throw
 * @returns what ends that
 */
export function observeAnswers(told: (answer: DnsAnswer) => void): () => void {
  const { PerformanceObserver } = nodePerfHooks()
  // The typings leave it out.
  const { supportedEntryTypes = [] } = PerformanceObserver as {
    readonly supportedEntryTypes?: readonly string[]
  }
  if (!supportedEntryTypes.includes('dns')) return () => {}
  const observer: PerformanceObserver = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const answer = answerFrom(entry.name, (entry as { readonly detail?: unknown }).detail)
      if (answer) told(answer)
    }
  })
  observer.observe({ entryTypes: ['dns'] })
  return () => observer.disconnect()
}

/** What Node puts into the entry of a lookup, and of a query. */
interface Detail {
  readonly hostname?: unknown
  readonly family?: unknown
  readonly addresses?: unknown
  readonly host?: unknown
  readonly result?: unknown
}

/** From an entry's name and detail; `undefined` for what is not about addresses. */
export function answerFrom(kind: string, detail: unknown): DnsAnswer | undefined {
  const { hostname, family, addresses, host, result } = (detail ?? {}) as Detail
  const isLookup = kind === 'lookup'
  const name = isLookup ? hostname : host
  const families = isLookup ? familiesOf(family) : OF_QUERY[kind]
  if (typeof name !== 'string' || isIP(name) !== 0 || families === undefined) return undefined
  const found = isLookup ? addresses : result
  if (!Array.isArray(found)) return undefined
  return { name, families, addresses: (found as unknown[]).map(addressIn).filter((text) => isIP(text) !== 0) }
}

/** 0, or nothing, asks for both. */
function familiesOf(family: unknown): readonly Family[] {
  if (family === 4 || family === 'IPv4') return [4]
  return family === 6 || family === 'IPv6' ? [6] : BOTH
}

/** Node gives a text, or with `all`, or with the time to live, an object. */
function addressIn(found: unknown): string {
  const address =
    typeof found === 'object' && found !== null ? (found as { address?: unknown }).address : found
  return typeof address === 'string' ? address : ''
}
