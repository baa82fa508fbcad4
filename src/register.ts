/**
 * The entry for `node --import tcp-keepalive/register` and `--require`: installs what the TCP_KEEPALIVE_* variables
 * ask for, in every thread and child process that inherits the option. It never throws: NODE_OPTIONS reaches npm and
 * build tools too.
 */
import { writeSync } from 'node:fs'
import type * as threads from 'node:worker_threads'
import type * as implementation from './entry/implementation.ts'
import { inVariables, isOff, isRequired } from './settings/environment.ts'

/** Standard error of the process, which `process.stderr` of a worker does not say. */
const STANDARD_ERROR = 2

try {
  if (!isOff(process.env)) install()
} catch (error) {
  const required = isRequired(process.env)
  say(`tcp-keepalive: ${reason(error)}; this program ${required ? 'is stopped' : 'runs unprotected'}`)
  // oxlint-disable-next-line unicorn/no-process-exit -- what TCP_KEEPALIVE_REQUIRED=1 asks for
  if (required) process.exit(1)
}

function install(): void {
  // Only here, so that off costs nothing.
  const { installKeepAlive, registrationFrom, resolveOptions, tryOut } =
    require('./implementation.cjs') as typeof implementation
  const { options, match } = registrationFrom(process.env)
  // An install puts in what it can. Who requires protection requires all of it.
  if (isRequired(process.env)) tryOut(resolveOptions(options))
  installKeepAlive(options, { match })
}

/** On one line, whatever the message is like. */
function reason(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error))
  return inVariables(message.split('\n', 1)[0] ?? '').replace(/[.;:]$/, '')
}

/** At once, as the process may be about to end; and in a worker only what the main thread has not said already. */
function say(line: string): void {
  const { getEnvironmentData, setEnvironmentData } = require('node:worker_threads') as typeof threads
  if (getEnvironmentData('tcp-keepalive') === line) return
  setEnvironmentData('tcp-keepalive', line)
  try {
    writeSync(STANDARD_ERROR, `${line}\n`)
  } catch {
    // Nobody can be told where standard error is closed.
  }
}
