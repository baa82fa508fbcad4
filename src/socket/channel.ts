/** Diagnostics channels, whose module of Node takes time to load: at import that would be spent by everybody. */
import type * as diagnostics from 'node:diagnostics_channel'

/** @returns what gives the channel of this name, which is looked up when it is asked for first */
export function channelNamed(name: string): () => diagnostics.Channel {
  let found: diagnostics.Channel | undefined
  return () => {
    found ??= (require('node:diagnostics_channel') as typeof diagnostics).channel(name)
    return found
  }
}
