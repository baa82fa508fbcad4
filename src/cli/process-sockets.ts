/** The TCP sockets of a process, from what Linux tells of it under /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { linesByInode, parseEntry, type TcpTableEntry } from './tcp-table.ts'

export interface ProcessSocket extends TcpTableEntry {
  readonly descriptor: number
}

export interface ProcessSockets {
  readonly pid: number
  readonly command: string
  /** Those with a peer. */
  readonly sockets: readonly ProcessSocket[]
}

/** A process that cannot be looked at, with the reason for a person. */
export class NotToBeSeen extends Error {}

/** @throws NotToBeSeen where there is no such process, or it belongs to somebody else */
export function socketsOf(pid: number, tables: Tables = new Tables()): ProcessSockets {
  const inodes = inodesOf(pid)
  const lines = inodes.size === 0 ? new Map<number, string>() : tables.of(pid)
  const sockets: ProcessSocket[] = []
  for (const [descriptor, inode] of inodes) {
    const line = lines.get(inode)
    const entry = line === undefined ? undefined : parseEntry(line)
    if (!entry || entry.state === 'listen' || entry.state === 'closed') continue
    sockets.push({ descriptor, ...entry })
  }
  return { pid, command: commandOf(pid), sockets }
}

/** All processes that may be looked at and have a connection. */
export function socketsOfAll(): ProcessSockets[] {
  const tables = new Tables()
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const all: ProcessSockets[] = []
  for (const pid of pids) {
    try {
      const found = socketsOf(pid, tables)
      if (found.sockets.length > 0) all.push(found)
    } catch (error) {
      if (!(error instanceof NotToBeSeen)) throw error
    }
  }
  return all
}

/** Each network namespace has its table, which is read once. */
export class Tables {
  readonly #byNetwork = new Map<string, Map<number, string>>()

  /** Its lines by inode. */
  of(pid: number): Map<number, string> {
    return looked(pid, () => {
      const network = readlinkSync(`/proc/${pid}/ns/net`)
      let lines = this.#byNetwork.get(network)
      if (!lines) {
        lines = linesByInode(['tcp', 'tcp6'].map((name) => readTable(`/proc/${pid}/net/${name}`)).join('\n'))
        this.#byNetwork.set(network, lines)
      }
      return lines
    })
  }
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '' // no IPv6 here
    throw error
  }
}

/** The sockets among the descriptors, by descriptor. */
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

/** A thread of the kernel and a process that has ended have a name and no words: in brackets, as ps(1) puts it. */
function commandOf(pid: number): string {
  const read = (name: string): string => looked(pid, () => readFileSync(`/proc/${pid}/${name}`, 'utf8'))
  return read('cmdline').replaceAll('\0', ' ').trim() || `[${read('comm').trim()}]`
}

function looked<T>(pid: number, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw reasonFor(pid, error)
  }
}

function reasonFor(pid: number, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ESRCH':
      return new NotToBeSeen(`there is no process ${pid}`)
    case 'EACCES':
    case 'EPERM':
      return new NotToBeSeen(
        `process ${pid} belongs to somebody else: only that user and root may look at it`,
      )
    default:
      return error
  }
}
