/** The PID of a process for system calls of this process. /proc may be of another PID namespace, with other numbers. */
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * @param pid the PID in /proc
 * @returns the PID for system calls; `undefined` if the process is not in the same PID namespace, or has ended
 */
export function ownNumberOf(pid: number): number | undefined {
  try {
    const depth = numbersOf('self').length
    // The usual case: /proc is of the same namespace as this process.
    if (depth <= 1) return pid
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')) return undefined
    return numbersOf(`${pid}`)[depth - 1]
  } catch {
    return undefined
  }
}

/** `NSpid` of proc_pid_status(5), Linux 4.1: one PID for each namespace, from that of /proc to that of the process. */
function numbersOf(name: string): number[] {
  const [, numbers = ''] = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${name}/status`, 'latin1')) ?? []
  return numbers.split(/\s+/).filter(Boolean).map(Number)
}
