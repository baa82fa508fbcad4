/**
 * Observes the answers to all DNS lookups of this thread: `dns.lookup()`, `dns.resolve4()` and `resolve6()`, their promises and
 * resolvers. Since 18.3 Node reports them as performance entries of the type `dns`, shortly after the program gets the answer
 * (startPerf and stopPerf in lib/dns.js and lib/internal/dns). Nothing is wrapped.
 */
import { isIP } from 'node:net'
import type { PerformanceObserver } from 'node:perf_hooks'
import type { Family } from '../settings/resolved-names.ts'
import { nodePerfHooks } from './node-modules.ts'

/** The addresses of a name. */
export interface DnsAnswer {
  readonly name: string
  readonly addresses: readonly string[]
  /** The families that were asked for. */
  readonly families: readonly Family[]
}

const BOTH: readonly Family[] = [4, 6]

/** The address families of each kind of query. Other queries, such as those for names, are ignored. */
const OF_QUERY: Readonly<Record<string, readonly Family[]>> = { queryA: [4], queryAaaa: [6], queryAny: BOTH }

/**
 * Reports each answer from now on, if the runtime exposes them. Loads a module of Node.
 *
 * @param call called with each answer; it must not throw
 * @returns a function that ends it
 */
export function observeAnswers(call: (answer: DnsAnswer) => void): () => void {
  const { PerformanceObserver } = nodePerfHooks()
  // The typings leave it out.
  const { supportedEntryTypes = [] } = PerformanceObserver as {
    readonly supportedEntryTypes?: readonly string[]
  }
  if (!supportedEntryTypes.includes('dns')) return () => {}
  const observer: PerformanceObserver = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const answer = answerFrom(entry.name, (entry as { readonly detail?: unknown }).detail)
      if (answer) call(answer)
    }
  })
  observer.observe({ entryTypes: ['dns'] })
  return () => observer.disconnect()
}

/** The detail that Node puts into the entry of a lookup, and of a query. */
interface Detail {
  readonly hostname?: unknown
  readonly family?: unknown
  readonly addresses?: unknown
  readonly host?: unknown
  readonly result?: unknown
}

/** From an entry's name and detail; `undefined` if it is not about addresses. */
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

/** 0 and `undefined` stand for both families. */
function familiesOf(family: unknown): readonly Family[] {
  if (family === 4 || family === 'IPv4') return [4]
  return family === 6 || family === 'IPv6' ? [6] : BOTH
}

/** Node gives a string; with `all`, or with the time to live, an object. */
function addressIn(found: unknown): string {
  const address =
    typeof found === 'object' && found !== null ? (found as { address?: unknown }).address : found
  return typeof address === 'string' ? address : ''
}
