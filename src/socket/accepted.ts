/**
 * What a server accepts after a plain set with a deadline. The kernel gives it the listener's values; as the user timeout
 * among them must not end a peer that lives, each accepted socket is looked at like one that was set itself.
 */
import { type Server, Socket } from 'node:net'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { noteInherited } from './deadlines.ts'
import { reportFailure } from './failure.ts'
import { isPipe } from './node-internals.ts'
import { prepareForEvents } from './prepare.ts'
import { shared } from './shared.ts'

/** The values with a deadline that each server's listener has. */
const deadlines = shared('listenerDeadlines', () => new WeakMap<Server, KernelValues>())

/** Called after values were put into a server's listener by a plain set. */
export function coverAccepted(server: Server, values: KernelValues): void {
  if (values.userTimeoutMs === LEAVE) return
  server.removeListener('connection', onConnection)
  if (values.deadlineMs === undefined) {
    deadlines.delete(server)
    return
  }
  prepareForEvents()
  deadlines.set(server, values)
  server.prependListener('connection', onConnection)
}

function onConnection(this: Server, socket: unknown): void {
  const values = deadlines.get(this)
  // http.Server takes any stream that a program hands to its 'connection'.
  if (values === undefined || !(socket instanceof Socket) || isPipe(socket)) return
  try {
    noteInherited(socket, values)
  } catch (error) {
    reportFailure(socket, error)
  }
}
