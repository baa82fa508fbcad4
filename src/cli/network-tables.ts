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

type Timers = ReadonlyMap<number, RunningTimer>

export class Tables {
  readonly #networks = new Map<number, string>()
  readonly #lines = new Map<string, Map<number, string>>()
  #here: string | undefined
  #timers: Timers | undefined

  /** What the table says of a socket, by its inode; `undefined` where it is there no more. */
  entryOf(pid: number, inode: number): TcpTableEntry | undefined {
    const line = this.#linesOf(pid).get(inode)
    return line === undefined ? undefined : parseEntry(line)
  }

  /** The same of the timers alone, which takes much less where the process has the network of this one. */
  timersOf(pid: number): (inode: number) => RunningTimer | undefined {
    const timers = this.#timersIn(this.#networkOf(pid))
    return timers ? (inode) => timers.get(inode) : (inode) => this.entryOf(pid, inode)
  }

  #timersIn(network: string): Timers | undefined {
    if (this.#here === undefined) {
      this.#here = networkOf('self')
      this.#timers = timersHere(tcpTimerOf)
    }
    return network === this.#here ? this.#timers : undefined
  }

  #linesOf(pid: number): Map<number, string> {
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
