/**
 * The entry point of `import 'tcp-keepalive'` in Node. Node imports an ES module faster than a CommonJS file, because it must first
 * search the latter for the names of its exports: that took 1.3 ms more. Both load the same file for the rest.
 */
import type * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { readWith } from './first-call.ts'
import {
  capabilities,
  getKeepAlive,
  getTcpInfo,
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  outcomeOf,
  planKeepAlive,
  probePeer,
  setKeepAlive,
  systemKeepAlive,
  TcpKeepAliveError,
} from './functions.ts'
import type * as functions from './functions.ts'
import { requireFsWith } from '../settings/capabilities.ts'
import type * as core from './core.ts'
import type * as implementation from './implementation.ts'
import type * as settings from '../settings/registration.ts'

export * from './functions.ts'

/** For CommonJS code that a bundler has turned into ES modules. */
const entry: typeof functions = {
  capabilities,
  getKeepAlive,
  getTcpInfo,
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  outcomeOf,
  planKeepAlive,
  probePeer,
  setKeepAlive,
  systemKeepAlive,
  TcpKeepAliveError,
}
export default entry

requireFsWith(() => createRequire(import.meta.url)('node:fs') as typeof fs)

// Only Bun's bundler puts this file into a bundle, and its `require` there can load the rest. In Node there is no `require` here, or a
// global one if the program is given to `node --eval`.
const isBundled =
  typeof require === 'function' && require !== (globalThis as { readonly require?: unknown }).require

// webpack follows these calls only with the names of the files in them.
readWith({
  core: () =>
    (isBundled ? require('./core.cjs') : createRequire(import.meta.url)('./core.cjs')) as typeof core,
  settings: () =>
    (isBundled
      ? require('./settings.cjs')
      : createRequire(import.meta.url)('./settings.cjs')) as typeof settings,
  all: () =>
    (isBundled
      ? require('./implementation.cjs')
      : createRequire(import.meta.url)('./implementation.cjs')) as typeof implementation,
})
