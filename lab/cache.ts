/**
 * What makes the next build quicker: compilers, compiled dependencies. It lies outside the clone, so that every
 * clone of this machine shares it, and it may be deleted at any time.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'

export const CACHE: string =
  process.env['KEEPALIVE_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tcp-keepalive')
