/** Reads the implementation, when it is first needed; for the entry that is an ES module. */
import { createRequire } from 'node:module'
import type * as implementation from './implementation.ts'

/** `require` itself in what is built (tsdown.config.ts), which would put another in its place. */
declare const requireOfBundler: NodeJS.Require | undefined

export function readImplementation(): typeof implementation {
  return (bundled() ?? createRequire(import.meta.url)('./implementation.cjs')) as typeof implementation
}

/** Bundlers follow this, and put into the bundle what it asks for; Node has no `require` here. */
function bundled(): unknown {
  if (typeof requireOfBundler === 'undefined') return undefined
  try {
    return requireOfBundler('./implementation.cjs')
  } catch {
    return undefined // one that did not follow it
  }
}
