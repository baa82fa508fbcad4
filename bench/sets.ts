/** The ways to set time, interval and retries once. Their time is measured, and their instructions are counted. */
import type { Socket } from 'node:net'
import koffi from 'koffi'
import { descriptorOf } from './connections.ts'
import { native, ours } from './measured.ts'
import { c, NONE } from './reference.ts'
import type { Call } from './turns.ts'

export function byPackage(socket: Socket): Call {
  return (time) => ours.setKeepAlive(socket, { time, interval: 10_000, retries: 6 })
}

/** The binding's own call, without the TypeScript. */
export function byBinding(fd: number): Call {
  // Read before: the binding has so many functions that V8 stores it as a hash table.
  const { setKeepAlive } = native
  return (time) => setKeepAlive(fd, true, time / 1000, 10, 6, NONE)
}

/** C behind the same six arguments. */
export function byC(fd: number): Call {
  return (time) => c.setOnce(fd, true, time / 1000, 10, 6, NONE)
}

/** The same, and it reads the descriptor from the socket, as every call on a socket must. */
export function byCOfSocket(socket: Socket): Call {
  return (time) => c.setOnce(descriptorOf(socket), true, time / 1000, 10, 6, NONE)
}

/** Node's own call, if it has four arguments. */
export function byNode(socket: Socket): Call {
  const four = (socket.setKeepAlive as FourArguments).bind(socket)
  return (time) => four(true, time, 10_000, 6)
}

type FourArguments = (enabled: boolean, time: number, interval: number, retries: number) => Socket

/** The four system calls of `setKeepAlive()`. */
export const FOUR = [
  [1, 9, 1], // SOL_SOCKET, SO_KEEPALIVE
  [6, 4, 60], // IPPROTO_TCP, TCP_KEEPIDLE
  [6, 5, 10], // TCP_KEEPINTVL
  [6, 6, 6], // TCP_KEEPCNT
] as const

const libc = koffi.load('libc.so.6')
export const setsockopt: (...values: unknown[]) => number = libc.func(
  'int setsockopt(int, int, int, const void *, uint32_t)',
)

/** These, by a library that calls C functions. */
export function byKoffi(socket: Socket): Call {
  const value = new Int32Array(1)
  return (time) => {
    const descriptor = descriptorOf(socket)
    for (const [level, name, plain] of FOUR) {
      value[0] = name === 4 && level === 6 ? time / 1000 : plain
      if (setsockopt(descriptor, level, name, value, 4) !== 0) throw new Error('setsockopt')
    }
  }
}
