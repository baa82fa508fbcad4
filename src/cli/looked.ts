/** Reads /proc of a process that may have ended, or may belong to another user. */

import { readFileSync } from 'node:fs'

/** A process cannot be read; the message says why. */
export class NotToBeSeen extends Error {}

/** @throws NotToBeSeen if there is no such process, or if this one may not read it */
export function looked<T>(pid: number, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw reasonFor(pid, error)
  }
}

export function reasonFor(pid: number, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ESRCH':
      return new NotToBeSeen(`there is no process ${pid}`)
    case 'EACCES':
    case 'EPERM':
      return new NotToBeSeen(notAllowed(pid))
    default:
      return error
  }
}

/** CAP_SYS_PTRACE in linux/capability.h */
const MAY_TRACE = 1n << 19n

function notAllowed(pid: number): string {
  if ((rights() & MAY_TRACE) !== 0n)
    return `process ${pid} may not be read, although this one has CAP_SYS_PTRACE: it runs in another container, or a security module forbids it`
  const user = process.getuid?.()
  return userOf(pid) === user
    ? `process ${pid} has the same user, but may not be read: it runs in another container, or has rights that this one ` +
        'lacks. Reading it needs root with CAP_SYS_PTRACE'
    : `process ${pid} belongs to another user: only that user and root${user === 0 ? ' with CAP_SYS_PTRACE' : ''} may read it`
}

/** The first number of `Uid` in proc_pid_status(5). The owner of the files in /proc is no help: for a non-dumpable process it is root. */
function userOf(pid: number): number | undefined {
  try {
    return Number(statusOf(pid, /^Uid:\s*(\d+)/m))
  } catch {
    return undefined // the process has ended, or is hidden (hidepid)
  }
}

/** The effective capabilities of this process. */
function rights(): bigint {
  try {
    return BigInt(`0x${statusOf('self', /^CapEff:\s*([\da-f]+)/m)}`)
  } catch {
    return 0n // no /proc, or another one
  }
}

function statusOf(pid: number | 'self', field: RegExp): string | undefined {
  return field.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
}
