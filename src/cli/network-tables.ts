/** The kernel's tables of TCP sockets. Each network namespace has its own table, which is read once. */
import { readFileSync, readlinkSync } from 'node:fs'
import { timersHere } from '../socket/other-process.ts'
import { looked } from './looked.ts'
import { linesByInode, parseEntry, type TcpTableEntry, type TcpTimer, tcpTimerOf } from './tcp-table.ts'

export interface RunningTimer {
  readonly timer: TcpTimer
  /** Until the timer fires, in milliseconds. */
  readonly timerIn: number
}

/** Finds a socket by its inode; `undefined` if it no longer exists. */
export type Find<T> = (inode: number) => T | undefined

type ByInode<T> = ReadonlyMap<number, T>

export class Tables {
  readonly #networks = new Map<number, string>()
  readonly #lines = new Map<string, ByInode<string>>()
  #ownNetwork: string | undefined
  #timers: ByInode<RunningTimer> | undefined

  /** Finds the table entries of a process's sockets. Call it after the sockets were listed. */
  entriesOf(pid: number): Find<TcpTableEntry> {
    const find = this.#find(
      () => this.#linesOf(pid),
      () => this.#lines.delete(this.#networkOf(pid)),
    )
    return (inode) => {
      const line = find(inode)
      return line === undefined ? undefined : parseEntry(line)
    }
  }

  /** Finds only the timers, which is much faster if the process has the same network namespace as this one. */
  timersOf(pid: number): Find<RunningTimer> {
    const network = this.#networkOf(pid)
    if (!this.#timersIn(network)) return this.entriesOf(pid)
    return this.#find(
      () => this.#timersIn(network),
      () => (this.#ownNetwork = undefined),
    )
  }

  /** Reads the table again if a socket is missing: the table may have been read for another process, before the socket was made. */
  #find<T>(table: () => ByInode<T> | undefined, forget: () => void): Find<T> {
    let isRenewed = false
    return (inode) => {
      const found = table()?.get(inode)
      if (found !== undefined || isRenewed) return found
      isRenewed = true
      forget()
      return table()?.get(inode)
    }
  }

  #timersIn(network: string): ByInode<RunningTimer> | undefined {
    if (this.#ownNetwork === undefined) {
      this.#ownNetwork = networkOf('self')
      this.#timers = timersHere(tcpTimerOf)
    }
    return network === this.#ownNetwork ? this.#timers : undefined
  }

  #linesOf(pid: number): ByInode<string> {
    const network = this.#networkOf(pid)
    let lines = this.#lines.get(network)
    if (!lines) {
      const texts = looked(pid, () => ['tcp', 'tcp6'].map((name) => readTable(`/proc/${pid}/net/${name}`)))
      lines = linesByInode(texts.join('\n'))
      this.#lines.set(network, lines)
    }
    return lines
  }

  #networkOf(pid: number): string {
    let network = this.#networks.get(pid)
    if (network === undefined) {
      network = looked(pid, () => networkOf(pid))
      this.#networks.set(pid, network)
    }
    return network
  }
}

function networkOf(process: number | 'self'): string {
  return readlinkSync(`/proc/${process}/ns/net`)
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '' // no IPv6 here
    throw error
  }
}
