/**
 * Parts of Node without a public name: a socket's handle and descriptor, and how to open a TCP socket within a tick. Read in
 * Node 18 to 26.
 */
import { readdirSync } from 'node:fs'

export interface Handle {
  /** Negative after it was closed. */
  readonly fd: number
  close(): void
}

/** The handle of a socket or server; `undefined` before it has one, and after it was closed. */
export function handleOf(target: object): Handle | undefined {
  return (target as { _handle?: Handle | null })._handle ?? undefined
}

/** The current descriptor of a socket or server; -1 for none. */
export function descriptorOf(target: object): number {
  const fd = handleOf(target)?.fd
  return typeof fd === 'number' && fd >= 0 ? fd : -1
}

/** Opens a TCP socket at once: `net` would open it in the next tick. @param like a TCP socket, for its class of handle */
export function openTcp(like: object): Handle {
  type Tcp = new (type: number) => Handle & { bind(address: string, port: number): number }
  const { constructor } = handleOf(like) as Handle
  const handle = new (constructor as Tcp)(0) // SOCKET of lib/net.js
  const status = handle.bind('127.0.0.1', 0) // this opens the descriptor
  if (status !== 0) throw new Error(`bind: ${status}`)
  return handle
}

/** How many descriptors this process has open, without the one that lists them. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1
}
