/**
 * Tells whether the program or the kernel has ended a connection that is cut off. After a close by the program it stays in the kernel's
 * table without an owner, because its FIN is not acknowledged. If the kernel gives up, it is removed from the table
 * (`tcp_write_err()` in net/ipv4/tcp_timer.c).
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { parseEntry, type TcpTableEntry } from './tcp-table.ts'

const CLOSING = new Set(['fin-wait-1', 'closing', 'last-ack'])

export class Orphans {
  readonly #pid: number
  /** Whether the process has the same network namespace as this one. The table can then also be read after the process has ended. */
  readonly #isHere: boolean

  constructor(pid: number) {
    this.#pid = pid
    this.#isHere = networkOf(pid) === networkOf('self')
  }

  /** Whether the connection is in the table without an owner. Call it when the program no longer has the connection. */
  has({ local, remote }: Pick<TcpTableEntry, 'local' | 'remote'>): boolean {
    const folder = this.#isHere ? 'self' : this.#pid
    return ['tcp', 'tcp6'].some((name) =>
      linesOf(`/proc/${folder}/net/${name}`).some((line) => {
        const entry = parseEntry(line)
        return CLOSING.has(entry.state) && isSame(entry.local, local) && isSame(entry.remote, remote)
      }),
    )
  }
}

type Endpoint = TcpTableEntry['local']

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && one.address === other.address
}

function linesOf(path: string): string[] {
  try {
    // Keeps only the states of CLOSING, which are few: 4, 9 and 11 in include/net/tcp_states.h.
    return readFileSync(path, 'latin1')
      .split('\n')
      .filter((line) => / 0[49B] /.test(line))
  } catch {
    return [] // no IPv6 here; or the process has ended, and its network with it
  }
}

function networkOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}
