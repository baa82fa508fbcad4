/**
 * The only file that reads private fields of Node. They were read from lib/net.js and lib/_tls_wrap.js of Node 18, 20, 22, 24
 * and 26, and are the same in all of them.
 */
import { Server, Socket } from 'node:net'
import { nodeUtil } from './node-modules.ts'

interface Handle {
  /** libuv's descriptor; a negative number if there is none, or none any more. */
  fd?: unknown
}

/** The current descriptor beneath a socket or server; `undefined` if there is none. */
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
 * The fields in which Node remembers its last `socket.setKeepAlive()`. Node uses them to skip a repeated call, and to repeat the
 * call at each 'connect' (Socket.prototype.setKeepAlive and afterConnect in lib/net.js). `undefined` if the runtime has none
 * (Bun, Deno).
 *
 * They are looked up at the first set, because creating a socket takes longer than everything else at import. They are looked up on
 * a new socket, because the program's socket may be a proxy.
 */
let record: RecordFields | undefined | 'unknown' = 'unknown'

interface RecordFields {
  readonly enabled: symbol
  readonly delay: symbol | undefined
}

export function findRecord(): RecordFields | undefined {
  return record === 'unknown' ? (record = lookForRecord()) : record
}

function lookForRecord(): RecordFields | undefined {
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const named = (name: string): symbol | undefined => symbols.find(({ description }) => description === name)
  const enabled = named('kSetKeepAlive')
  return enabled && { enabled, delay: named('kSetKeepAliveInitialDelay') }
}

/** Whether Node remembers that keepalive is on; `undefined` if the runtime does not remember it. */
export function recordedKeepAlive(socket: Socket): boolean | undefined {
  const fields = findRecord()
  if (fields === undefined) return undefined
  const recorded = (socket as unknown as Record<symbol, unknown>)[fields.enabled]
  return recorded === true || (recorded !== false && Boolean(recorded)) // mostly one of the two, which is quicker to say
}

/** Makes Node remember this. Nothing is written to the kernel. */
export function recordKeepAlive(socket: Socket, enabled: boolean): void {
  const fields = findRecord()
  if (fields === undefined) return
  try {
    ;(socket as unknown as Record<symbol, boolean>)[fields.enabled] = enabled
  } catch {
    // A frozen socket stays unchanged. Testing for that first would be a call into C++, 600 instructions of a first set.
    Reflect.set(socket, fields.enabled, enabled)
  }
}

/** The delay in whole seconds that Node remembers; 0 if the program gave none. */
export function recordedDelay(socket: Socket): unknown {
  const delay = findRecord()?.delay
  return (delay && (socket as unknown as Record<symbol, unknown>)[delay]) ?? 0
}

/** TLS over TLS, as through a proxy server, has two or three levels. More levels mean a cycle, as with a JavaScript proxy. */
const DEEPEST_PARENT = 16

/** The socket of the connection: for TLS over a socket, the innermost socket; otherwise the socket itself. */
export function beneath(socket: Socket): Socket {
  let connection = socket
  for (let depth = 0; depth < DEEPEST_PARENT; depth++) {
    const parent = parentOf(connection)
    if (parent === undefined) return connection
    connection = parent
  }
  return socket
}

/** The socket beneath a TLS socket; `undefined` for other sockets, and for a TLS socket that has connected itself. */
export function parentOf(socket: Socket): Socket | undefined {
  return (socket as unknown as { _parent?: Socket | null })._parent ?? undefined
}

/**
 * The socket behind a JavaScript proxy, such as `session.socket` of node:http2. Other sockets are returned unchanged. The handle,
 * which can be read through the proxy, refers to its socket.
 */
export function behindProxy(socket: Socket): Socket {
  if (!nodeUtil().types.isProxy(socket)) return socket
  const handle = handleOf(socket)
  if (handle === undefined) return socket
  const owner = ownerOf(handle)
  return owner instanceof Socket ? owner : socket
}

/** Node's key for the socket of a handle (lib/internal/async_hooks.js); `undefined` before it was first found. */
let ownerKey: symbol | undefined

function ownerOf(handle: object): unknown {
  ownerKey ??= Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol')
  return ownerKey && (handle as Record<symbol, unknown>)[ownerKey]
}

/** Whether the program has called `end()` on the socket of this handle, so that the kernel sends, or will send, a FIN. */
export function hasCalledEnd(handle: ConnectionHandle): boolean {
  return (ownerOf(handle) as Partial<Socket> | null | undefined)?.writableEnded === true
}

/** Node's handle of the connection. Each `connect()` makes a new one. */
export function handleOf(socket: Socket): object | undefined {
  return (socket as unknown as { _handle?: object | null })._handle ?? undefined
}

/** The host name of the last `connect()` to a name (lookupAndConnect in lib/net.js); `undefined` if it was an address. */
export function hostAskedFor(socket: Socket): string | undefined {
  const { _host: host } = socket as unknown as { readonly _host?: unknown }
  return typeof host === 'string' ? host : undefined
}

/** Whether Node itself stores the peer's address and port, which it does once they were read (`_getpeername` in lib/net.js). */
export function keepsPeer(socket: Socket): boolean {
  const { _peername: kept } = socket as unknown as {
    readonly _peername?: { readonly address?: unknown } | null
  }
  return typeof kept?.address === 'string'
}

/** What the program has written that the kernel does not have yet: bytes in JavaScript, and what libuv keeps. */
export function unhandedBytes(socket: Socket): number {
  const { writeQueueSize } = (handleOf(socket) ?? {}) as { readonly writeQueueSize?: unknown }
  return socket.writableLength + (typeof writeQueueSize === 'number' ? writeQueueSize : 0)
}

/** The sockets and servers that keep this thread running; none if the runtime does not list them (Bun, Deno). */
export function activeTargets(): (Socket | Server)[] {
  const { _getActiveHandles: list } = process as unknown as { _getActiveHandles?: () => readonly unknown[] }
  const all = list?.call(process) ?? []
  return all.filter((each): each is Socket | Server => each instanceof Socket || each instanceof Server)
}

/**
 * Calls with the descriptor of each socket that another process sends to this one. Node emits 'internalMessage' for it before
 * 'message' (lib/internal/child_process.js). Does nothing if this process has no IPC channel.
 *
 * @returns a function that ends it
 */
export function onSocketReceived(call: (descriptor: number) => void): () => void {
  const EVENT = 'internalMessage'
  const listener = (_message: unknown, handle: unknown): void => {
    const fd = (handle as Handle | null | undefined)?.fd
    if (typeof fd === 'number' && fd >= 0) call(fd)
  }
  if (process.channel) process.prependListener(EVENT as 'message', listener)
  return () => process.removeListener(EVENT, listener)
}

/** The handle of a TCP connection, beneath all TLS: lib/internal/stream_base_commons.js and src/stream_base.cc. */
export interface ConnectionHandle {
  /** The descriptor; negative once the handle is closed. */
  readonly fd: number
  /** All bytes that were passed to the handle, whether or not the kernel has taken them; for TLS, the encrypted bytes. */
  readonly bytesWritten: number
  /** The bytes that libuv holds, because the kernel's send buffer is full. */
  readonly writeQueueSize: number
}

/**
 * The handle of the TCP connection: beneath a TLS socket, and beneath the TLS handle (`res._parent` in lib/_tls_wrap.js).
 * `undefined` if there is none, or if the runtime's handles are of another kind.
 */
export function connectionHandle(socket: Socket): ConnectionHandle | undefined {
  let handle: Partial<ConnectionHandle & { _parent: unknown }> | undefined = handleOf(beneath(socket))
  for (let depth = 0; depth < DEEPEST_PARENT && isObject(handle?._parent); depth++) handle = handle._parent
  return handle !== undefined && isConnection(handle) ? (handle as ConnectionHandle) : undefined
}

/** The prototype of the last handle that passed the check. Reading the fields calls into C++, and all TCP handles share one prototype. */
let known: object | undefined

function isConnection(handle: Partial<ConnectionHandle>): boolean {
  const prototype = Object.getPrototypeOf(handle) as object | null
  if (prototype !== null && prototype === known) return true
  const { bytesWritten, writeQueueSize, fd } = handle
  const isOne =
    typeof bytesWritten === 'number' && typeof writeQueueSize === 'number' && typeof fd === 'number'
  if (isOne) known = prototype ?? undefined
  return isOne
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/**
 * Calls right before this socket's handle closes, while its descriptor is still open. `destroy()` runs `_destroy`, which closes the
 * handle, so this wraps `_destroy` of this one socket.
 *
 * @returns a function that ends it
 */
export function beforeDestroy(socket: Socket, call: () => void): () => void {
  const own = Object.getOwnPropertyDescriptor(socket, '_destroy')
  const original = socket._destroy
  let isOver = false
  const wrapped = (error: Error | null, callback: (error?: Error | null) => void): void => {
    const isFirst = !isOver
    undo()
    if (isFirst) call()
    original.call(socket, error, callback)
  }
  const undo = (): void => {
    isOver = true
    // If other code has wrapped it too, it stays and only forwards.
    if (socket._destroy !== wrapped) return
    if (own) Object.defineProperty(socket, '_destroy', own)
    else Reflect.deleteProperty(socket, '_destroy')
  }
  Object.defineProperty(socket, '_destroy', { value: wrapped, configurable: true, writable: true })
  return undo
}
