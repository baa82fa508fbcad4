/** The diagnostics channels of this package. */
import type { Channel } from 'node:diagnostics_channel'
import { nodeDiagnostics } from './node-modules.ts'

/** @returns a function that returns the channel of this name; its first call looks the channel up */
export function channelNamed(name: string): () => Channel {
  let found: Channel | undefined
  return () => (found ??= nodeDiagnostics().channel(name))
}
