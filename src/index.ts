/**
 * The entry point of `require('tcp-keepalive')`. It is small, because every start reads it. Importing loads no binary and
 * throws nothing.
 *
 * entry/api.ts documents the exports; the published types come from there.
 */
import { readWith } from './entry/first-call.ts'
import type * as core from './entry/core.ts'
import type * as implementation from './entry/implementation.ts'
import type * as settings from './settings/registration.ts'

export * from './entry/functions.ts'

readWith({
  core: () => require('./core.cjs') as typeof core,
  settings: () => require('./settings.cjs') as typeof settings,
  all: () => require('./implementation.cjs') as typeof implementation,
})
