/** Finds a socket's descriptor by its endpoints, if the runtime does not expose it. */
import { isIP, type Server, Socket } from 'node:net'
import { addressWords } from '../settings/address.ts'
import { native } from './native.ts'

/**
 * Node's handles have a descriptor, except on Windows. Bun's have one from 1.3.5 on (TLS: 1.3.14), but not beneath
 * node:http; Deno's have none. On Windows the search walks libuv's event loop, which Bun does not have: its sockets
 * say their SOCKET.
 */
export const MUST_SEARCH: boolean =
  process.platform === 'win32'
    ? process.versions['bun'] === undefined
    : process.versions['bun'] !== undefined || process.versions['deno'] !== undefined

/**
 * The descriptor at which each socket was last found. It is only a hint where to look first. The native search checks the endpoints of
 * that descriptor too, so a number that now belongs to another socket is skipped.
 */
const hints = new WeakMap<Socket | Server, number>()

/** No hint, no port, no descriptor. */
const NONE = -1

/** The query for the binding. All calls share one array, because they do not overlap. */
const endpoints = new Int32Array(10)

/** The descriptor of a connected socket or a listening server; `undefined` unless exactly one matches. */
export function findDescriptor(target: Socket | Server): number | undefined {
  if (!(target instanceof Socket ? putConnection(target) : putListener(target))) return undefined
  const hint = hints.get(target) ?? NONE
  const fd = native().findDescriptor(endpoints, hint)
  if (fd < 0) return undefined
  if (fd !== hint) hints.set(target, fd)
  return fd
}

function putConnection({ localAddress, localPort, remoteAddress, remotePort }: Socket): boolean {
  // All are undefined where there is no connection beneath (TLS over another stream), and some after its end.
  return put(LOCAL, localAddress, localPort) && put(REMOTE, remoteAddress, remotePort)
}

function putListener(server: Server): boolean {
  const address = server.address()
  if (address === null || typeof address === 'string') return false
  endpoints.fill(0, REMOTE)
  endpoints[REMOTE + PORT] = NONE
  return put(LOCAL, address.address, address.port)
}

/** Where an end begins in the array, and its port within it. */
const LOCAL = 0
const REMOTE = 5
const PORT = 4

function put(end: number, address: string | undefined, port: number | undefined): boolean {
  if (address === undefined || port === undefined || isIP(address) === 0) return false
  endpoints.set(addressWords(address), end)
  endpoints[end + PORT] = port
  return true
}
