/** Reads the implementation, when it is first needed; for the entry in CommonJS. */
import type * as implementation from './implementation.ts'

export function readImplementation(): typeof implementation {
  return require('./implementation.cjs') as typeof implementation
}
