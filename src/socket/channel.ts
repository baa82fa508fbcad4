/** The diagnostics channels of this package. */
import type { Channel } from 'node:diagnostics_channel'
import { nodeDiagnostics } from './node-modules.ts'

/** @returns what gives the channel of this name, which is looked up when it is asked for first */
export function channelNamed(name: string): () => Channel {
  let found: Channel | undefined
  return () => (found ??= nodeDiagnostics().channel(name))
}
