/**
 * The entry point `tcp-keepalive/drill`, for ES modules and CommonJS. entry/drill.ts has its documentation, and the published types
 * come from there.
 */
import type * as implementation from './entry/implementation.ts'

export const cutOff: typeof implementation.cutOff = (target) =>
  (require('./implementation.cjs') as typeof implementation).cutOff(target)
