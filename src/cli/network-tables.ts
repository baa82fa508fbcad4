/** The kernel's tables of TCP sockets: each network namespace has its own, which is read once. */
import { readFileSync, readlinkSync } from 'node:fs'
import { timersHere } from '../socket/other-process.ts'
import { looked } from './looked.ts'
import { linesByInode, parseEntry, type TcpTableEntry, type TcpTimer, tcpTimerOf } from './tcp-table.ts'

export interface RunningTimer {
  readonly timer: TcpTimer
  /** Until the timer fires, in milliseconds. */
  readonly timerIn: number
}

/** What is known of a socket, by its inode; `undefined` where it is there no more. */
export type Find<T> = (inode: number) => T | undefined

type ByInode<T> = ReadonlyMap<number, T>

export class Tables {
  readonly #networks = new Map<number, string>()
  readonly #lines = new Map<string, ByInode<string>>()
  #ownNetwork: string | undefined
  #timers: ByInode<RunningTimer> | undefined

  /** What the table says of the sockets of a process, which have been listed already. */
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

  /** The same of the timers alone, which takes much less where the process has the network of this one. */
  timersOf(pid: number): Find<RunningTimer> {
    const network = this.#networkOf(pid)
    if (!this.#timersIn(network)) return this.entriesOf(pid)
    return this.#find(
      () => this.#timersIn(network),
      () => (this.#ownNetwork = undefined),
    )
  }

  /** A socket may be newer than the table, which was read for another process: then it is read once more. */
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
