/**
 * The door that `require('tcp-keepalive')` opens. It is small, as it is read at every start. Importing loads no binary and
 * throws nothing.
 *
 * entry/api.ts says what is exported and what it does; the published types come from there.
 */
import { readWith } from './entry/first-call.ts'
import type * as core from './entry/core.ts'
import type * as implementation from './entry/implementation.ts'

export * from './entry/functions.ts'

readWith({
  core: () => require('./core.cjs') as typeof core,
  all: () => require('./implementation.cjs') as typeof implementation,
})
