/** The TCP sockets of a process, from Linux's /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { looked, reasonFor } from './looked.ts'
import { Tables } from './network-tables.ts'
import type { TcpTableEntry } from './tcp-table.ts'

export interface ProcessSocket extends TcpTableEntry {
  readonly descriptor: number
}

export interface ProcessSockets {
  readonly pid: number
  readonly command: string
  /** The sockets that have a peer. */
  readonly sockets: readonly ProcessSocket[]
}

/** @throws NotToBeSeen if there is no such process, or if this one may not read it */
export function socketsOf(pid: number, tables: Tables = new Tables()): ProcessSockets {
  const sockets: ProcessSocket[] = []
  const inodes = inodesOf(pid)
  const entryOf = tables.entriesOf(pid)
  for (const [descriptor, inode] of inodes) {
    const entry = entryOf(inode)
    if (entry && hasPeer(entry.state)) sockets.push({ descriptor, ...entry })
  }
  return { pid, command: commandOf(pid), sockets }
}

/** The inode of each socket, by descriptor. */
function inodesOf(pid: number): Map<number, number> {
  const folder = `/proc/${pid}/fd`
  const inodes = new Map<number, number>()
  for (const name of looked(pid, () => readdirSync(folder))) {
    const inode = inodeOf(pid, `${folder}/${name}`)
    if (inode !== undefined) inodes.set(Number(name), inode)
  }
  return inodes
}

function inodeOf(pid: number, path: string): number | undefined {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(path)) ?? []
    return inode === undefined ? undefined : Number(inode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // closed meanwhile
    throw reasonFor(pid, error)
  }
}

export function hasPeer(state: string): boolean {
  return state !== 'listen' && state !== 'closed'
}

/** The command line. Kernel threads and zombies have none; for them it is the name in brackets, as ps(1) prints it. */
export function commandOf(pid: number): string {
  const read = (name: string): string => looked(pid, () => readFileSync(`/proc/${pid}/${name}`, 'utf8'))
  return read('cmdline').replaceAll('\0', ' ').trim() || `[${read('comm').trim()}]`
}
