/**
 * What Node has no public name for: the handle beneath a socket and its descriptor, and how to open a TCP socket within
 * a tick. Read in Node 18 to 26.
 */
import { readdirSync } from 'node:fs'

export interface Handle {
  /** Negative where there is none any more. */
  readonly fd: number
  close(): void
}

/** A TCP handle of Node's own kind: its descriptor is there as soon as `bind` returns. */
export interface TcpHandle extends Handle {
  bind(address: string, port: number): number
}

/** Of a socket or server; `undefined` before it has one, and after its end. */
export function handleOf(target: object): Handle | undefined {
  return (target as { _handle?: Handle | null })._handle ?? undefined
}

/** The raw descriptor beneath a socket or server at this moment; -1 where there is none. */
export function descriptorOf(target: object): number {
  const fd = handleOf(target)?.fd
  return typeof fd === 'number' && fd >= 0 ? fd : -1
}

/**
 * A TCP socket that is open when this returns, as `net` opens none before the next tick.
 *
 * @param like the server whose kind of handle is made
 */
export function openTcp(like: object): TcpHandle {
  const { constructor: Tcp } = handleOf(like) as unknown as { constructor: new (type: number) => TcpHandle }
  const handle = new Tcp(0) // SOCKET of lib/net.js
  const status = handle.bind('127.0.0.1', 0)
  if (status !== 0) throw new Error(`bind: ${status}`)
  return handle
}

/** How many descriptors this process has open, but for the one that lists them. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1
}
