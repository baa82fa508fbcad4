/** What the kernel holds for the sockets of another process (Linux). */
import type { KeepAlive } from '../settings/keepalive.ts'
import { native } from './native.ts'
import { nodeOs } from './node-modules.ts'
import { fromKernel } from './values.ts'

/** A TCP socket of another process, as a duplicate of it tells. */
export interface ForeignSocket {
  readonly keepAlive: KeepAlive
  /** TCP_RTO_MAX_MS; `undefined` where this kernel does not have it. */
  readonly rtoMax: number | undefined
  /** Of both ends: what is compared with the kernel's table. -1 where there is no such end. */
  readonly localPort: number
  readonly remotePort: number
}

export interface ForeignSockets {
  /** By descriptor; those that are missing could not be asked. */
  readonly sockets: ReadonlyMap<number, ForeignSocket>
  /** Why none can be asked: `EPERM` without the rights of ptrace, `ENOSYS` before Linux 5.6. */
  readonly refusal: string | undefined
}

/** Numbers of a row: see `inspectProcess` in index.d.ts. */
const ROW = 27
const VALUES = 1
const LOCAL_PORT = 20
const REMOTE_PORT = 25
const RTO_MAX = 26

/** What the system answers where a descriptor, or the process, is gone. */
const GONE: ReadonlySet<string> = new Set(['EBADF', 'ESRCH'])

/** @param descriptors those of that process, each a socket */
export function inspectForeign(pid: number, descriptors: readonly number[]): ForeignSockets {
  const rows = new Int32Array(descriptors.length * ROW)
  for (const [index, descriptor] of descriptors.entries()) rows[index * ROW] = descriptor
  const errno = native().inspectProcess(pid, rows)
  const sockets = new Map<number, ForeignSocket>()
  for (const [index, descriptor] of descriptors.entries()) {
    const at = index * ROW
    if ((rows[at + VALUES] ?? -1) >= 0) sockets.set(descriptor, foreignSocket(rows, at))
  }
  const code = errno === 0 ? undefined : errorName(errno)
  return { sockets, refusal: code === undefined || GONE.has(code) ? undefined : code }
}

/** The system's own TCP_RTO_MAX_MS in this network; `undefined` where it has none. */
export function systemRtoMax(): number | undefined {
  const numbers = new Int32Array(6)
  if (native().systemKeepAlive(numbers) !== 0) return undefined
  return known(numbers[5])
}

function foreignSocket(rows: Int32Array, at: number): ForeignSocket {
  return {
    keepAlive: fromKernel(rows, at + VALUES),
    rtoMax: known(rows[at + RTO_MAX]),
    localPort: rows[at + LOCAL_PORT] ?? -1,
    remotePort: rows[at + REMOTE_PORT] ?? -1,
  }
}

function known(number = -1): number | undefined {
  return number < 0 ? undefined : number
}

function errorName(errno: number): string {
  const found = Object.entries(nodeOs().constants.errno).find(([, number]) => number === errno)
  return found?.[0] ?? `errno ${errno}`
}
