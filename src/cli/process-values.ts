/** The TCP sockets of a process, with the values that the kernel holds for them. */
import { readdirSync, readFileSync } from 'node:fs'
import { type ForeignSocket, inspectForeign, type Refusal } from '../socket/other-process.ts'
import { NotToBeSeen } from './looked.ts'
import type { Tables } from './network-tables.ts'
import { ownNumberOf } from './process-numbers.ts'
import { commandOf, hasPeer, type ProcessSocket, type ProcessSockets, socketsOf } from './process-sockets.ts'
import type { Read } from './ps-judgement.ts'

export interface ReadProcess extends Omit<ProcessSockets, 'sockets'> {
  readonly sockets: readonly ReadSocket[]
  /** Why values could not be read, as text for the user. */
  readonly unreadable: string | undefined
}

export interface ReadSocket extends ProcessSocket {
  readonly read: Read | undefined
}

/** @throws NotToBeSeen if there is no such process, or if this one may not read it */
export function readProcess(pid: number, tables: Tables): ReadProcess {
  const number = ownNumberOf(pid)
  if (number === undefined)
    return withoutValues(pid, tables, 'the process is in another PID namespace, or has ended')
  const found = inspected(pid, number)
  if (!Array.isArray(found)) return withoutValues(pid, tables, reasonFor(found.refusal))
  const sockets = found.length === 0 ? [] : withTimers(pid, found, tables)
  return { pid, command: commandOf(pid), sockets, unreadable: undefined }
}

/** All processes that have a connection. `refused` counts the processes that this one may not read. */
export function readAllProcesses(tables: Tables): { processes: ReadProcess[]; refused: number } {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const processes: ReadProcess[] = []
  let refused = 0
  for (const pid of pids) {
    try {
      const found = readProcess(pid, tables)
      if (found.sockets.length > 0) processes.push(found)
    } catch (error) {
      if (!(error instanceof NotToBeSeen)) throw error
      if (mayHaveConnections(pid)) refused++
    }
  }
  return { processes, refused }
}

/** Not a kernel thread or a zombie, which have no command line, and not a process that has ended. */
function mayHaveConnections(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1') !== ''
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') // hidden (hidepid)
  }
}

function withTimers(pid: number, found: readonly ForeignSocket[], tables: Tables): ReadSocket[] {
  const timerOf = tables.timersOf(pid)
  const entryOf = tables.entriesOf(pid)
  const sockets: ReadSocket[] = []
  for (const read of found) {
    const { inode, descriptor, state, local, remote, unansweredProbes } = read
    if (!hasPeer(state)) continue
    if (remote) {
      const running = timerOf(inode)
      // The connection has ended since.
      if (!running) continue
      const { timer, timerIn } = running
      sockets.push({ descriptor, local, remote, state, timer, timerIn, unansweredProbes, read })
    } else {
      const entry = entryOf(inode)
      if (entry) sockets.push({ descriptor, ...entry, read })
    }
  }
  return sockets
}

function withoutValues(pid: number, tables: Tables, why: string): ReadProcess {
  const { sockets, ...about } = socketsOf(pid, tables)
  return {
    ...about,
    sockets: sockets.map((socket) => ({ ...socket, read: undefined })),
    unreadable: sockets.length === 0 ? undefined : why,
  }
}

function inspected(pid: number, number: number): ForeignSocket[] | Refusal {
  try {
    return inspectForeign(pid, number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_TCP_KEEPALIVE_NO_BINARY') throw error
    return { refusal: 'no binary' }
  }
}

function reasonFor(refusal: string): string {
  switch (refusal) {
    case 'EPERM':
      return 'that needs the rights of a debugger: root, or CAP_SYS_PTRACE'
    case 'ENOSYS':
      return 'that needs Linux 5.6 or newer'
    case 'no binary':
      return 'the native binary cannot be used (tcp-keepalive doctor)'
    default:
      return `the system refuses it (${refusal})`
  }
}
