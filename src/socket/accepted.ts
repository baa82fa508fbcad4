/**
 * Covers the sockets that a server accepts after a plain set. They inherit values from the listener, depending on the system:
 *
 * - Linux: all values. The user timeout of a deadline must not end a living peer, so each accepted socket is watched, like a
 *   socket on which the deadline was set directly.
 * - FreeBSD: all values (syncache_socket() in sys/netinet/tcp_syncache.c).
 * - macOS: neither the time nor the user timeout (tcp_input() in bsd/netinet/tcp_input.c). Windows does not document any. On both,
 *   the values are set on each accepted socket.
 */
import { type Server, Socket } from 'node:net'
import { amend } from '../settings/amend.ts'
import { capabilities, isLinux } from '../settings/capabilities.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { noteInherited } from './deadlines.ts'
import { reportFailure, reportRefusals } from './failure.ts'
import { isPipe } from './node-internals.ts'
import { prepareForEvents } from './prepare.ts'
import { putPossible } from './put-values.ts'
import { shared } from './shared.ts'

/** The values that must be set on each socket that a server accepts. */
const uninherited = shared('listenerDeadlines', () => new WeakMap<Server, KernelValues>())

/**
 * Called after a plain set has put values into a server's listener.
 *
 * @param platform the system, as in `process.platform`
 */
export function coverAccepted(
  server: Server,
  values: KernelValues,
  platform: string = capabilities.platform,
): void {
  const needed = isLinux(platform) ? withDeadline(server, values) : withAll(server, values, platform)
  server.removeListener('connection', onConnection)
  if (needed === undefined) {
    uninherited.delete(server)
    return
  }
  prepareForEvents()
  uninherited.set(server, needed)
  server.prependListener('connection', onConnection)
}

function withDeadline(server: Server, values: KernelValues): KernelValues | undefined {
  if (values.userTimeoutMs === LEAVE) return uninherited.get(server)
  return values.deadlineMs === undefined ? undefined : values
}

function withAll(server: Server, values: KernelValues, platform: string): KernelValues | undefined {
  if (platform === 'freebsd') return undefined
  const earlier = uninherited.get(server)
  return earlier ? amend(earlier, values) : values
}

function onConnection(this: Server, socket: unknown): void {
  const values = uninherited.get(this)
  // A program may emit 'connection' on an http.Server with any stream.
  if (values === undefined || !(socket instanceof Socket) || isPipe(socket)) return
  try {
    if (values.deadlineMs === undefined) put(socket, values)
    else noteInherited(socket, values)
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** Called only on systems other than Linux: there, values have no deadline. */
function put(socket: Socket, values: KernelValues): void {
  reportRefusals(socket, putPossible(socket, values, { isHeld: false, isFresh: true }).refusals)
}
