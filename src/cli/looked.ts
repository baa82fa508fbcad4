/** Looking at a process under /proc, which may have ended, or belong to somebody else. */

import { readFileSync } from 'node:fs'

/** A process that cannot be looked at, with the reason for a person. */
export class NotToBeSeen extends Error {}

/** @throws NotToBeSeen where there is no such process, or it belongs to somebody else */
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

function notAllowed(pid: number): string {
  return userOf(pid) === process.getuid?.()
    ? `process ${pid} has the same user, but belongs to somebody else, as in another container, or has rights that this one ` +
        'lacks: to look at it takes root, with CAP_SYS_PTRACE'
    : `process ${pid} belongs to somebody else: only that user and root may look at it`
}

/** The first number of `Uid` in proc_pid_status(5): the files of a process that protects itself belong to root. */
function userOf(pid: number): number | undefined {
  try {
    const [, user] = /^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return Number(user)
  } catch {
    return undefined // ended by now, or hidden (hidepid)
  }
}
