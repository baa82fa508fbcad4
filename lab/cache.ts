/**
 * The cache for compilers and compiled dependencies, which make the next build faster. It is outside the clone, so all clones on
 * this machine share it. It can be deleted at any time.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'

export const CACHE: string =
  process.env['KEEPALIVE_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tcp-keepalive')
