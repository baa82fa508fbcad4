/**
 * The entry for `node --import tcp-keepalive/register` and `--require`. It installs what the TCP_KEEPALIVE_* variables ask for, in
 * every thread and child process that inherits the option. It never throws, because NODE_OPTIONS also reaches npm and build
 * tools. Most programs that it reaches make no connection: where it can, it loads nothing else before the first.
 */
import { writeSync } from 'node:fs'
import type * as threads from 'node:worker_threads'
import type { Socket } from 'node:net'
import { isFirstConnectionTold, onFirstConnection } from './entry/first-connection.ts'
import type * as implementation from './entry/implementation.ts'
import type * as settings from './settings/registration.ts'
import { inVariables, isAnySet, isLogged, isOff, isRequired } from './settings/environment.ts'
import { isBinaryAtHand } from './socket/binary-at-hand.ts'

/** The descriptor of standard error. A worker's `process.stderr` writes through the main thread, and has no descriptor. */
const STANDARD_ERROR = 2

sayingWhatIsWrong(() => {
  if (isOff(process.env)) return
  if (canWait()) onFirstConnection((connecting) => sayingWhatIsWrong(() => install(connecting)))
  else install()
})

function sayingWhatIsWrong(run: () => void): void {
  try {
    run()
  } catch (error) {
    const required = isRequired(process.env)
    say(reason(error), required ? 'is stopped' : 'runs unprotected')
    // In a worker thread this ends the thread alone.
    // oxlint-disable-next-line unicorn/no-process-exit -- what TCP_KEEPALIVE_REQUIRED=1 asks for
    if (required) process.exit(1)
  }
}

/**
 * Whether nothing need be loaded before the first connection. Most programs that NODE_OPTIONS reaches make none.
 *
 * @throws for what is wrong in the variables
 */
function canWait(): boolean {
  if (isRequired(process.env) || !isFirstConnectionTold() || !isBinaryAtHand()) return false
  if (!isAnySet(process.env)) return true
  const { isAboutConnectingAlone } = require('./settings.cjs') as typeof settings
  return isAboutConnectingAlone(process.env)
}

/** @param connecting the socket whose `connect()` is running */
function install(connecting?: Socket): void {
  // Loaded here, so that TCP_KEEPALIVE=off loads nothing.
  const { beginLate, installKeepAlive, logTo, registrationFrom, resolveOptions, tryOut } =
    require('./implementation.cjs') as typeof implementation
  const { options, ...scope } = registrationFrom(process.env)
  // An install leaves out what the system refuses. With TCP_KEEPALIVE_REQUIRED=1 a refusal is an error.
  if (isRequired(process.env)) tryOut(resolveOptions(options))
  if (isLogged(process.env)) logTo(write)
  try {
    installKeepAlive(options, scope)
  } catch (error) {
    if (scope.reach === 'thread' || isRequired(process.env)) throw error
    installKeepAlive(options, { ...scope, reach: 'thread' }) // throws again if the reach was not the cause
    say(reason(error), 'has no protection on connections that only TCP_KEEPALIVE_REACH=process reaches')
  }
  if (connecting) beginLate(connecting)
}

/** The first line of the message, in the words of the variables. The other lines of a missing binary are those of `doctor`. */
function reason(error: unknown): string {
  const { message, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  const hint = code === 'ERR_TCP_KEEPALIVE_NO_BINARY' ? ' (npx tcp-keepalive doctor says more)' : ''
  return inVariables(message.split('\n', 1)[0] ?? '').replace(/[.;:]$/, '') + hint
}

/**
 * Writes synchronously, because the process may be about to end. Workers run this file too; a line of the main thread is not
 * repeated.
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
    // Standard error is closed, so there is no place to report it.
  }
}
