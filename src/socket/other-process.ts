/** Reads the kernel's values for the sockets of another process. Linux only. */
import { addressText } from '../settings/address-text.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { native } from './native.ts'
import { nodeOs } from './node-modules.ts'
import { type TcpState, tcpStateOf } from './tcp-info.ts'
import { fromKernel, VALUES_LENGTH } from './values.ts'

interface End {
  readonly address: string
  readonly port: number
}

/** A TCP socket of another process, read through a duplicate. */
export interface ForeignSocket {
  readonly descriptor: number
  readonly inode: number
  readonly local: End
  /** `undefined` while it connects, and if there is none. */
  readonly remote: End | undefined
  readonly state: TcpState
  readonly unansweredProbes: number
  readonly keepAlive: KeepAlive
  /** TCP_RTO_MAX_MS; `undefined` if this kernel does not have it. */
  readonly rtoMax: number | undefined
}

/** Why the sockets of a process cannot be read: `EPERM` without the rights of ptrace, `ENOSYS` before Linux 5.6. */
export interface Refusal {
  readonly refusal: string
}

/** The length of a row: see `inspectProcess` in index.d.ts. */
const ROW = 28
const VALUES = 1
const STATE = 6
const UNANSWERED_PROBES = 8
const LOCAL = 16
const REMOTE = 21
const RTO_MAX = 26
const INODE = 27

/** The words of an address. The port follows them. */
const ADDRESS = 4

/** The number of rows at first. It is generous, because memory costs nothing until it is written to. */
const ROOM = 4096

/** The binding writes here. The rows are read immediately, so one array serves all processes. */
let rows = new Int32Array(0)

/**
 * Reads all TCP sockets of a process.
 *
 * @param listed its PID in /proc
 * @param pid its PID for system calls
 */
export function inspectForeign(listed: number, pid: number): ForeignSocket[] | Refusal {
  if (rows.length === 0) rows = new Int32Array(ROOM * ROW)
  let count = native().inspectProcess(listed, pid, rows)
  while (count > rows.length / ROW) {
    rows = new Int32Array(2 * count * ROW)
    count = native().inspectProcess(listed, pid, rows)
  }
  if (count < 0) return { refusal: errorName(-count) }
  return socketsFrom(rows, count)
}

const TIMER_ROW = 3

/**
 * The timers of all connections in this network namespace, by inode; `undefined` if the system does not report them.
 *
 * @param nameOf converts the number of a timer, as in /proc/net/tcp
 */
export function timersHere<T>(
  nameOf: (which: number) => T,
): Map<number, { readonly timer: T; readonly timerIn: number }> | undefined {
  let read = new Int32Array(0)
  let count = ROOM
  while (count > read.length / TIMER_ROW) {
    read = new Int32Array(2 * count * TIMER_ROW)
    count = native().tcpTimers(read)
  }
  if (count < 0) return undefined
  const timers = new Map<number, { readonly timer: T; readonly timerIn: number }>()
  for (let at = 0; at < count * TIMER_ROW; at += TIMER_ROW) {
    timers.set(wordAt(read, at), { timer: nameOf(read[at + 1] ?? 0), timerIn: read[at + 2] ?? 0 })
  }
  return timers
}

/** TCP_RTO_MAX_MS of a new socket in this network namespace; `undefined` if the system has no such option. */
export function systemRtoMax(): number | undefined {
  const numbers = new Int32Array(6)
  if (native().systemKeepAlive(numbers) !== 0) return undefined
  return known(numbers[5])
}

/** Reuses the objects of the previous row if they are equal: a program with very many sockets has few kinds of them. */
function socketsFrom(rows: Int32Array, count: number): ForeignSocket[] {
  const sockets: ForeignSocket[] = []
  let keepAlive: KeepAlive = fromKernel(rows, VALUES)
  let here = addressFrom(rows, LOCAL)
  let remote = endFrom(rows, REMOTE)
  for (let at = 0; at < count * ROW; at += ROW) {
    if (!isAsBefore(rows, at + VALUES, VALUES_LENGTH)) keepAlive = fromKernel(rows, at + VALUES)
    if (!isAsBefore(rows, at + LOCAL, ADDRESS)) here = addressFrom(rows, at + LOCAL)
    if (!isAsBefore(rows, at + REMOTE, ADDRESS + 1)) remote = endFrom(rows, at + REMOTE)
    sockets.push({
      descriptor: rows[at] ?? -1,
      inode: wordAt(rows, at + INODE),
      local: { address: here, port: rows[at + LOCAL + ADDRESS] ?? 0 },
      remote,
      state: tcpStateOf(rows[at + STATE]),
      unansweredProbes: known(rows[at + UNANSWERED_PROBES]) ?? 0,
      keepAlive,
      rtoMax: known(rows[at + RTO_MAX]),
    })
  }
  return sockets
}

/** Compares numbers of a row with those of the row before. */
function isAsBefore(rows: Int32Array, at: number, length: number): boolean {
  for (let place = at; place < at + length; place++) {
    if (rows[place] !== rows[place - ROW]) return false
  }
  return true
}

function endFrom(rows: Int32Array, at: number): End | undefined {
  const port = rows[at + ADDRESS] ?? -1
  return port < 0 ? undefined : { address: addressFrom(rows, at), port }
}

function addressFrom(rows: Int32Array, at: number): string {
  return addressText(wordAt(rows, at), wordAt(rows, at + 1), wordAt(rows, at + 2), wordAt(rows, at + 3))
}

function wordAt(rows: Int32Array, at: number): number {
  return (rows[at] ?? 0) >>> 0
}

function known(number = -1): number | undefined {
  return number < 0 ? undefined : number
}

function errorName(errno: number): string {
  const found = Object.entries(nodeOs().constants.errno).find(([, number]) => number === errno)
  return found?.[0] ?? `errno ${errno}`
}
