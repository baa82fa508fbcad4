/** Finding a socket's descriptor by its endpoints, where the runtime does not say which it has. */
import { type Server, Socket } from 'node:net'
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
 * Where each was found last. A hint to look there first and no more: the native search asks that descriptor for its
 * endpoints, as it asks any other, so a number that means another socket by now is passed over.
 */
const hints = new WeakMap<Socket | Server, number>()
const NO_HINT = -1

/** The descriptor of a connected socket or a listening server; `undefined` where not exactly one can be meant. */
export function findDescriptor(target: Socket | Server): number | undefined {
  const ends = target instanceof Socket ? endsOf(target) : listenerOf(target)
  if (ends === undefined) return undefined
  const hint = hints.get(target) ?? NO_HINT
  const { localAddress, localPort, remoteAddress, remotePort } = ends
  const fd = native().findDescriptor(localAddress, localPort, remoteAddress, remotePort, hint)
  if (fd < 0) return undefined
  if (fd !== hint) hints.set(target, fd)
  return fd
}

/** As the binding takes them. */
interface Ends {
  readonly localAddress: string
  readonly localPort: number
  /** Empty for a listener. */
  readonly remoteAddress: string
  readonly remotePort: number
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): Ends | undefined {
  // All are undefined where there is no connection beneath (TLS over another stream), and some after its end.
  if (localAddress === undefined || remoteAddress === undefined || remoteAddress === '') return undefined
  if (localPort === undefined || remotePort === undefined) return undefined
  return { localAddress, localPort, remoteAddress, remotePort }
}

function listenerOf(server: Server): Ends | undefined {
  const address = server.address()
  if (address === null || typeof address === 'string') return undefined
  return { localAddress: address.address, localPort: address.port, remoteAddress: '', remotePort: 0 }
}
