/**
 * The door that `tcp-keepalive/drill` opens, for ES modules and CommonJS alike. entry/drill.ts says what is exported and what it
 * does; the published types come from there.
 */
import type * as implementation from './entry/implementation.ts'

export const cutOff: typeof implementation.cutOff = (target) =>
  (require('./implementation.cjs') as typeof implementation).cutOff(target)
