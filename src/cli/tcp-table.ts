/** The kernel's table of TCP sockets, proc_pid_net(5): net/tcp and net/tcp6. */
import { endianness } from 'node:os'
import { addressText } from '../settings/address-text.ts'

/** Which timer runs for a socket. */
export type TcpTimer =
  /** None. */
  | 'none'
  /** Data is in flight. The kernel then does not show the keepalive timer. */
  | 'retransmit'
  | 'keepalive'
  | 'time-wait'
  /** The peer's window is closed. */
  | 'zero-window'

export interface TcpTableEntry {
  readonly local: { readonly address: string; readonly port: number }
  readonly remote: { readonly address: string; readonly port: number }
  readonly state: string
  readonly timer: TcpTimer
  /** Until the timer fires, in milliseconds. */
  readonly timerIn: number
  readonly unansweredProbes: number
}

/** include/net/tcp_states.h; the first has the number 1. */
const STATES = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'syn-received',
]

/** `get_tcp4_sock()` in net/ipv4/tcp_ipv4.c, in the order of the numbers. */
const TIMERS: readonly TcpTimer[] = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window']

/** USER_HZ, the unit of times in /proc: 100 per second on every platform of Node. */
const MS_PER_TICK = 10

/** Number, two ends, state, queues, timer, retransmits, user, probes, and then the inode. */
const INODE = /^\s*\S+ \S+ \S+ \S+ \S+ \S+ \S+\s+\d+\s+\d+ (\d+)/

/** The lines by inode. They are parsed later: a machine may have very many, of which few are needed. */
export function linesByInode(text: string): Map<number, string> {
  const lines = new Map<number, string>()
  for (const line of text.split('\n').slice(1)) {
    const [, inode] = INODE.exec(line) ?? []
    if (inode !== undefined) lines.set(Number(inode), line)
  }
  return lines
}

export function parseEntry(line: string): TcpTableEntry {
  const fields = line.trim().split(/\s+/)
  const [, local = '', remote = '', state = '', , timer = '', , , probes = ''] = fields
  const [which = '', when = ''] = timer.split(':')
  return {
    local: parseEndpoint(local),
    remote: parseEndpoint(remote),
    state: STATES[Number.parseInt(state, 16) - 1] ?? state,
    timer: tcpTimerOf(Number.parseInt(which, 16)),
    timerIn: signed(Number.parseInt(when, 16)) * MS_PER_TICK,
    unansweredProbes: Number(probes),
  }
}

/** Converts the kernel's number. */
export function tcpTimerOf(which: number): TcpTimer {
  return TIMERS[which] ?? 'none'
}

/** An overdue timer may be shown as a negative number in 64 bits. */
function signed(ticks: number): number {
  return ticks > 2 ** 63 ? 0 : ticks
}

function parseEndpoint(text: string): { address: string; port: number } {
  const [address = '', port = ''] = text.split(':')
  const words = (address.match(/.{8}/g) ?? []).map((word) => parseWord(word))
  const [a = 0, b = 0, c = 0, d = 0] = words.length === 1 ? [0, 0, 0xffff, ...words] : words
  return { address: addressText(a, b, c, d), port: Number.parseInt(port, 16) }
}

const IS_LITTLE = endianness() === 'LE'

/** The kernel prints the word in the byte order of this machine, but it is in network byte order. */
function parseWord(hex: string): number {
  const word = Number.parseInt(hex, 16)
  if (!IS_LITTLE) return word
  return ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24)) >>> 0
}
