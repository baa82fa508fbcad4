/**
 * The private fields of Node that this package reads, and nothing else does. Read from lib/net.js and lib/_tls_wrap.js
 * of Node 18, 20, 22, 24 and 26, in all of which they are the same.
 */
import { Server, Socket } from 'node:net'
import type * as util from 'node:util'
import { shared } from './shared.ts'

interface Handle {
  /** libuv's descriptor; -1 or another negative number where there is none (any more). */
  fd?: unknown
}

/** The descriptor beneath a socket or server, read afresh; `undefined` where there is none. */
export function handleDescriptor(target: Socket | Server): number | undefined {
  const handle = (target as unknown as { _handle?: Handle | null })._handle
  const fd = handle?.fd
  // Beware: `null >= 0` is true.
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

/** Whether the handle is a pipe's: a Unix-domain socket, or a named pipe on Windows. */
export function isPipe(target: Socket | Server): boolean {
  const handle = (target as unknown as { _handle?: { constructor?: { name: unknown } } | null })._handle
  return handle?.constructor?.name === 'Pipe'
}

/**
 * The key under which Node remembers whether keepalive is on, to answer a repeated `socket.setKeepAlive()` without
 * asking the kernel; `undefined` where it does not remember. It is looked for at the first set, as making a socket at
 * import would take longer than all else there; and on a socket of our own, as the one at hand may be a proxy.
 */
let record: symbol | undefined
let isRecordKnown = false

function recordKey(): symbol | undefined {
  if (!isRecordKnown) {
    const symbols = Object.getOwnPropertySymbols(new Socket())
    record = symbols.find(({ description }) => description === 'kSetKeepAlive')
    isRecordKnown = true
  }
  return record
}

/** What Node remembers of this socket; `undefined` where it does not remember (Bun, Deno). */
export function rememberedKeepAlive(socket: Socket): boolean | undefined {
  const key = recordKey()
  if (key === undefined) return undefined
  return Boolean((socket as unknown as Record<symbol, unknown>)[key])
}

/** Node's own call, as it was before anything of any copy of this package could have been put around it. */
const setKeepAlive = shared('setKeepAlive', () => Socket.prototype.setKeepAlive)

/** Turns keepalive on or off the way Node does, past what this package puts around it; no timer is touched. */
export function callNode(socket: Socket, enabled: boolean): void {
  setKeepAlive.call(socket, enabled)
}

/** TLS is put around TLS once or twice, through a proxy; a longer way down is a ring, as of a proxy that answers itself. */
const DEEPEST_PARENT = 16

/** The socket that is the connection: of TLS around a socket that one, else the socket itself. */
export function beneath(socket: Socket): Socket {
  let connection = socket
  for (let depth = 0; depth < DEEPEST_PARENT; depth++) {
    const parent = (connection as unknown as { _parent?: Socket | null })._parent
    if (parent === null || parent === undefined) return connection
    connection = parent
  }
  return socket
}

let types: typeof util.types | undefined

/**
 * The socket behind a proxy, as `session.socket` of node:http2 is one; what is no proxy is returned as it is. The
 * handle knows whose it is, also where it is asked for through the proxy.
 */
export function behindProxy(socket: Socket): Socket {
  types ??= (require('node:util') as typeof util).types // only here, as it takes time to load
  if (!types.isProxy(socket)) return socket
  const handle = handleOf(socket)
  if (handle === undefined) return socket
  const key = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol')
  const owner = key && (handle as Record<symbol, unknown>)[key]
  return owner instanceof Socket ? owner : socket
}

/** What stands for the connection in Node; another one after each `connect()`. */
export function handleOf(socket: Socket): object | undefined {
  return (socket as unknown as { _handle?: object | null })._handle ?? undefined
}

/** The sockets and servers that keep this thread running; none where the runtime does not say (Bun, Deno). */
export function activeTargets(): (Socket | Server)[] {
  const { _getActiveHandles: list } = process as unknown as { _getActiveHandles?: () => readonly unknown[] }
  const all = list?.call(process) ?? []
  return all.filter((each): each is Socket | Server => each instanceof Socket || each instanceof Server)
}
