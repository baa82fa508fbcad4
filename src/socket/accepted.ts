/**
 * What a server accepts after a plain set. The kernel gives it the listener's values:
 *
 * - Linux all of them. As the user timeout of a deadline must not end a peer that lives, each accepted socket is looked at like
 *   one that was set itself.
 * - FreeBSD all of them (syncache_socket() in sys/netinet/tcp_syncache.c).
 * - macOS neither the time nor the user timeout (tcp_input() in bsd/netinet/tcp_input.c), and Windows is not said to give any: there
 *   they are put into each accepted socket.
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

/** The values of each server that do not come to what it accepts by themselves. */
const uninherited = shared('listenerDeadlines', () => new WeakMap<Server, KernelValues>())

/**
 * Called after values were put into a server's listener by a plain set.
 *
 * @param platform the system that accepts, by `process.platform`
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
  // http.Server takes any stream that a program hands to its 'connection'.
  if (values === undefined || !(socket instanceof Socket) || isPipe(socket)) return
  try {
    if (values.deadlineMs === undefined) put(socket, values)
    else noteInherited(socket, values)
  } catch (error) {
    reportFailure(socket, error)
  }
}

/** Only Linux solves a deadline's user timeout, so values without one are of another system. */
function put(socket: Socket, values: KernelValues): void {
  reportRefusals(socket, putPossible(socket, values, { isHeld: false, isFresh: true }).refusals)
}
