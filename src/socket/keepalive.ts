/** Setting values on a socket, and reading what the kernel holds. */
import type { Server, Socket } from 'node:net'
import type { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KeepAliveOptions, type KernelValues, resolveOptions } from '../settings/options.ts'
import { notConnected, notListening, statusError } from './errors.ts'
import { rememberSet } from './last-set.ts'
import { native } from './native.ts'
import { beneath, callNode, rememberedKeepAlive } from './node-internals.ts'
import { setWhenReady } from './pending.ts'
import { shared } from './shared.ts'
import { descriptorOf, isSocket, NOT_YET, type Target } from './target.ts'
import { fromKernel, values } from './values.ts'

/**
 * Sets TCP keepalive, and the user timeout, on a socket.
 *
 * A connected socket, a listening server and a descriptor have the values when this returns. A socket that is not
 * connected yet gets them at 'connect', a server at 'listening'; should the kernel refuse them then, that goes to
 * the diagnostics channel `tcp-keepalive:error` and to one process warning. Sockets that a server accepts from then
 * on inherit its values.
 *
 * On Linux this is SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and TCP_USER_TIMEOUT, tcp(7); `capabilities`
 * has the names, units and limits of the system at hand. Options are checked before anything is touched. Whatever a
 * driver sets later overwrites the values: {@link holdKeepAlive} makes them stay.
 *
 * @param target a `net.Socket`, a `tls.TLSSocket`, a `net.Server` or a raw descriptor; never closed, never kept
 * @param options the values ({@link KeepAliveOptions}), which turn keepalive on unless `enabled` is `false`; or one
 *   number of milliseconds n: time n, interval n/3 and 3 retries, in whole seconds; or `false`: off
 * @throws TypeError [ERR_INVALID_ARG_TYPE] or RangeError [ERR_OUT_OF_RANGE] for a value that is none; nothing is set
 * @throws TcpKeepAliveError for a target or options that cannot be served (see its `code`); nothing is set
 * @throws TcpKeepAliveSystemError when the system refuses: EBADF for a closed descriptor, ENOTSOCK for a file, with
 *   `option` naming what was refused
 *
 * @example
 * setKeepAlive(socket, { detectWithin: 30_000 })
 * setKeepAlive(socket, { time: 60_000, interval: 10_000, retries: 6 })
 * setKeepAlive(socket, false)
 */
export function setKeepAlive(target: Target, options: KeepAliveOptions | number | false): void {
  const asked = resolveOptions(options)
  const fd = descriptorOf(target)
  if (fd === NOT_YET) putWhenReady(target as Socket | Server, asked)
  else put(target, fd, asked)
  const { keeper } = following
  if (keeper?.isKeeping()) keeper.follow(target, options === false ? undefined : asked)
}

/** What goes along with the program's own calls once they have succeeded, where it holds values on the socket. */
export interface Follower {
  /** Whether it holds anything. */
  isKeeping(): boolean
  /** @param asked what the program's own call has put in; `undefined` for `false` */
  follow(target: Target, asked: KernelValues | undefined): void
}

/** The one follower of all copies of this package; `undefined` as long as nothing was held. */
export const following: { keeper: Follower | undefined } = shared('keeper', () => ({ keeper: undefined }))

/**
 * Puts values that are checked already into a connected socket or a listening server.
 *
 * @throws as {@link setKeepAlive}, and for a target that has no descriptor yet
 */
export function putValues(target: Socket | Server, values: KernelValues): void {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notYet(target)
  put(target, fd, values)
}

function putWhenReady(target: Socket | Server, asked: KernelValues): void {
  const connection = isSocket(target) ? beneath(target) : target
  setWhenReady(connection, (fd) => put(target, fd, asked))
}

function put(target: Target, fd: number, asked: KernelValues): void {
  const { enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs } = asked
  const status = native().setKeepAlive(fd, enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs)
  if (status !== 0) throw statusError(status, 'setsockopt')
  if (!isSocket(target)) return
  keepRecordTrue(target, enabled)
  rememberSet(target, asked)
}

/**
 * Node answers a `socket.setKeepAlive()` that repeats what it remembers without asking the kernel. What it remembers
 * must therefore be so: else a later `setKeepAlive(false)` would do nothing, or a `setKeepAlive(true)` after ours
 * was turned off. With no delay its call writes SO_KEEPALIVE alone. Where the record is right already it is left
 * alone: a new one would make http.Agent write its own values at the next reuse.
 */
function keepRecordTrue(socket: Socket, enabled: boolean): void {
  const remembered = rememberedKeepAlive(socket)
  if (remembered !== undefined && remembered !== enabled) callNode(socket, enabled)
}

/**
 * Reads what the kernel holds for a socket, whoever set it.
 *
 * @param target as for {@link setKeepAlive}
 * @returns durations in milliseconds; `undefined` for what this system cannot tell
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NOT_CONNECTED for a socket that is not connected yet,
 *   ERR_TCP_KEEPALIVE_NOT_LISTENING for a server that does not listen, and as {@link setKeepAlive}
 *
 * @example
 * setKeepAlive(socket, { detectWithin: 30_000 })
 * getKeepAlive(socket) // { enabled: true, time: 16000, interval: 2000, retries: 5, userTimeout: 25500 }
 */
export function getKeepAlive(target: Target): KeepAlive {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notYet(target)
  const status = native().getKeepAlive(fd, values)
  if (status !== 0) throw statusError(status, 'getsockopt')
  return fromKernel(values)
}

function notYet(target: Target): TcpKeepAliveError {
  return isSocket(target) ? notConnected() : notListening()
}
