/** `--match`: which peers, by their addresses and ports, as the names of other processes' peers are not known. */
import { peerMatcher, type PeerMatcher } from '../settings/match.ts'
import { UsageError } from './usage.ts'

export interface AddressMatcher extends PeerMatcher {
  readonly patterns: readonly string[]
}

/**
 * Parses patterns as `match` does; each text may contain several, with commas.
 *
 * @throws UsageError if a text is no pattern, or contains a name, which would never match
 */
export function addressMatcher(texts: readonly string[]): AddressMatcher {
  const patterns = texts.flatMap((text) => text.split(',')).map((text) => text.trim())
  const named = patterns.find((pattern) => understoodPatterns(pattern).names)
  if (named === undefined) return { patterns, ...understoodPatterns(patterns) }
  throw new UsageError(
    `--match: "${named}" is a name, and only the addresses and ports of connections are known: write an address or a port, as ` +
      '10.0.0.5:5432 or *:5432',
  )
}

function understoodPatterns(patterns: string | readonly string[]): PeerMatcher {
  try {
    return peerMatcher(patterns)
  } catch (error) {
    throw new UsageError(`--match: ${(error as Error).message}`)
  }
}
