/**
 * The entry for `node --import tcp-keepalive/register` and `--require`. It installs what the TCP_KEEPALIVE_* variables ask for, in
 * every thread and child process that inherits the option. It never throws, because NODE_OPTIONS also reaches npm and build
 * tools.
 */
import { writeSync } from 'node:fs'
import type * as threads from 'node:worker_threads'
import type * as implementation from './entry/implementation.ts'
import { inVariables, isLogged, isOff, isRequired } from './settings/environment.ts'

/** The descriptor of standard error. A worker's `process.stderr` writes through the main thread, and has no descriptor. */
const STANDARD_ERROR = 2

try {
  if (!isOff(process.env)) install()
} catch (error) {
  const required = isRequired(process.env)
  say(reason(error), required ? 'is stopped' : 'runs unprotected')
  // In a worker thread this ends the thread alone.
  // oxlint-disable-next-line unicorn/no-process-exit -- what TCP_KEEPALIVE_REQUIRED=1 asks for
  if (required) process.exit(1)
}

function install(): void {
  // Loaded here, so that TCP_KEEPALIVE=off loads nothing.
  const { installKeepAlive, logTo, registrationFrom, resolveOptions, tryOut } =
    require('./implementation.cjs') as typeof implementation
  const { options, ...scope } = registrationFrom(process.env)
  // An install leaves out what the system refuses. With TCP_KEEPALIVE_REQUIRED=1 a refusal is an error.
  if (isRequired(process.env)) tryOut(resolveOptions(options))
  if (isLogged(process.env)) logTo(write)
  try {
    installKeepAlive(options, scope)
  } catch (error) {
    if (scope.reach === 'thread' || isRequired(process.env)) throw error
    installKeepAlive(options, { ...scope, reach: 'thread' }) // which throws again where it is not the reach that is wrong
    say(reason(error), 'has no protection on connections that only TCP_KEEPALIVE_REACH=process reaches')
  }
}

/** The first line of the message, in the words of the variables. */
function reason(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error))
  return inVariables(message.split('\n', 1)[0] ?? '').replace(/[.;:]$/, '')
}

/**
 * Says it at once, as the process may be about to end. Workers run this file too: what has been said in the main thread is not
 * said again.
 */
function say(why: string, outcome: string): void {
  const { getEnvironmentData, isMainThread, setEnvironmentData } =
    require('node:worker_threads') as typeof threads
  const said = `${why}; ${outcome}`
  if (getEnvironmentData('tcp-keepalive') === said) return
  setEnvironmentData('tcp-keepalive', said)
  write(`tcp-keepalive: ${why}; this ${isMainThread ? 'program' : 'thread'} ${outcome}`)
}

function write(line: string): void {
  try {
    writeSync(STANDARD_ERROR, `${line}\n`)
  } catch {
    // Standard error is closed, so nobody can be told.
  }
}
