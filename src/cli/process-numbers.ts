/** The number of a process as the kernel takes it from this one; /proc may count in another namespace. */
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * @param pid as /proc has it
 * @returns the same for system calls; `undefined` where this process cannot name it, or it has ended
 */
export function ownNumberOf(pid: number): number | undefined {
  try {
    const depth = numbersOf('self').length
    // The usual case: /proc is of this process's own namespace.
    if (depth <= 1) return pid
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')) return undefined
    return numbersOf(`${pid}`)[depth - 1]
  } catch {
    return undefined
  }
}

/** `NSpid` of proc_pid_status(5), Linux 4.1: in the namespace of /proc first, in the process's own last. */
function numbersOf(name: string): number[] {
  const [, numbers = ''] = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${name}/status`, 'latin1')) ?? []
  return numbers.split(/\s+/).filter(Boolean).map(Number)
}
