/** Reads the implementation, when it is first needed; for the entry that is an ES module. */
import { createRequire } from 'node:module'
import type * as implementation from './implementation.ts'

/** `require` itself in what is built (tsdown.config.ts), which would put another in its place. */
declare const requireOfBundler: NodeJS.Require | undefined

export function readImplementation(): typeof implementation {
  try {
    return createRequire(import.meta.url)('./implementation.cjs') as typeof implementation
  } catch (error) {
    // In a bundle there is no such file beside; but bundlers follow this, and put into the bundle what it asks for.
    if (typeof requireOfBundler === 'undefined') throw error
    return requireOfBundler('./implementation.cjs') as typeof implementation
  }
}
