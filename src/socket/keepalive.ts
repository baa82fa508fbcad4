/** Setting values on a socket, and reading what the kernel holds. */
import type { Server, Socket } from 'node:net'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KeepAliveOptions, resolveOptions } from '../settings/options.ts'
import { coverAccepted } from './accepted.ts'
import { activeCoordinator } from './coordination.ts'
import { releaseDeadline } from './deadlines.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'
import { setWhenReady } from './pending.ts'
import { notYet, putAll } from './put-values.ts'
import { descriptorOf, isSocket, NOT_YET, type Target } from './target.ts'
import { fromKernel, values } from './values.ts'

/**
 * Sets TCP keepalive, and the user timeout, on a socket.
 *
 * A connected socket, a listening server and a descriptor have the values when this returns. A socket that is not
 * connected yet gets them at 'connect', and while it connects the user timeout, which bounds each attempt; a server gets them at
 * 'listening'. What the kernel refuses then goes to the diagnostics
 * channel `tcp-keepalive:error` and to one process warning a thread, and the other values are set. Where the attempt to connect
 * fails, its values are dropped. Sockets that a server accepts from then on inherit its values.
 *
 * With `detectWithin`, on Linux, the user timeout of a socket is lifted once the peer's window has been closed, also on what a
 * server accepts. For that `net.Socket.prototype._destroy` is wrapped while any such connection is open.
 *
 * On Linux this is SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and TCP_USER_TIMEOUT, tcp(7); `capabilities`
 * has the names, units and limits of the system at hand. On macOS and FreeBSD set them at 'connect': a connection that has been
 * silent for interval × retries already is ended `time` later, without a probe (docs/systems.md). Options are checked before anything is touched. Whatever a
 * driver sets later overwrites the values: {@link holdKeepAlive} makes them stay.
 *
 * @param target a `net.Socket`, a `tls.TLSSocket`, a `net.Server` or a raw descriptor; never closed, never kept
 * @param options the values ({@link KeepAliveOptions}), which turn keepalive on unless `enabled` is `false`; or one
 *   number of milliseconds n: time n, interval n/3 and 3 retries, in whole seconds; or `false`: off
 * @throws TypeError [ERR_INVALID_ARG_TYPE] or RangeError [ERR_OUT_OF_RANGE] for a value that is none; nothing is set
 * @throws TcpKeepAliveError for a target or options that cannot be served (see its `code`); nothing is set
 * @throws TcpKeepAliveSystemError when the system refuses: EBADF for a closed descriptor, ENOTSOCK for a file, with
 *   `option` naming what was refused; the message names the values that were set before it
 *
 * @example
 * setKeepAlive(socket, { detectWithin: 30_000 })
 * setKeepAlive(socket, { time: 60_000, interval: 10_000, retries: 6 })
 * setKeepAlive(socket, false)
 */
export function setKeepAlive(target: Target, options: KeepAliveOptions | number | false): void {
  const asked = resolveOptions(options)
  const fd = descriptorOf(target)
  if (fd === NOT_YET) setWhenReady(target as Socket | Server, asked)
  else {
    putAll(target, fd, asked)
    if (isSocket(target)) {
      if (options === false) releaseDeadline(target)
    } else if (typeof target === 'object') coverAccepted(target as Server, asked)
  }
  activeCoordinator()?.afterOwnSet(target, options === false ? undefined : asked)
}

/**
 * Reads what the kernel holds for a socket at this moment, whoever set it. While the user timeout of a deadline is lifted
 * (`inspectSocket(socket).lifted`), it is 0.
 *
 * @param target as for {@link setKeepAlive}
 * @returns durations in milliseconds; `undefined` for what this system cannot tell
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NOT_CONNECTED for a socket that is not connected yet,
 *   ERR_TCP_KEEPALIVE_NOT_LISTENING for a server that does not listen, and as {@link setKeepAlive}
 *
 * @example
 * setKeepAlive(socket, { detectWithin: 30_000 })
 * getKeepAlive(socket) // { enabled: true, time: 11000, interval: 3000, retries: 5, userTimeout: 25500 }
 */
export function getKeepAlive(target: Target): KeepAlive {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notYet(target)
  const status = native().getKeepAlive(fd, values)
  if (status !== 0) throw statusError(status, 'getsockopt')
  return fromKernel(values)
}
