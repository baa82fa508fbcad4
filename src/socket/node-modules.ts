/**
 * Modules of Node that take time to load. A plain set needs none of them, so they are loaded when a call first needs them, or
 * before anything runs in an event (see prepare.ts).
 */
import type * as diagnostics from 'node:diagnostics_channel'
import type * as os from 'node:os'
import type * as perfHooks from 'node:perf_hooks'
import type * as util from 'node:util'

let diagnosticsModule: typeof diagnostics | undefined
let osModule: typeof os | undefined
let utilModule: typeof util | undefined

export function nodeDiagnostics(): typeof diagnostics {
  return (diagnosticsModule ??= require('node:diagnostics_channel') as typeof diagnostics)
}

export function nodeOs(): typeof os {
  return (osModule ??= require('node:os') as typeof os)
}

/** Needed only if a `match` has a name. */
export function nodePerfHooks(): typeof perfHooks {
  return require('node:perf_hooks') as typeof perfHooks
}

export function nodeUtil(): typeof util {
  return (utilModule ??= require('node:util') as typeof util)
}
