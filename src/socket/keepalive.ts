/** Sets values on a socket, and reads the kernel's values. */
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
 * A connected socket, a listening server and a descriptor have the values when this returns. A server that does not listen yet gets
 * them at 'listening'. A socket that is not connected yet gets them at 'connect'; while it connects it has the user timeout, which
 * limits each attempt. If the kernel refuses a value in such an event, the error goes to the diagnostics channel
 * `tcp-keepalive:error` and, once per thread, to a process warning. The other values are set. If the attempt to connect
 * fails, its values are dropped. Sockets that a server accepts later inherit its values.
 *
 * With `detectWithin`, on Linux, the user timeout of a socket is lifted once the peer has closed its window, also on sockets that a
 * server accepts. For this, `net.Socket.prototype._destroy` is wrapped while any such connection is open.
 *
 * On Linux this sets SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and TCP_USER_TIMEOUT, tcp(7); `capabilities`
 * has the names, units and limits of the current system. On macOS and FreeBSD set values at 'connect': if a connection has already been
 * silent for interval × retries, the kernel ends it `time` later, without a probe (docs/systems.md). Options are checked before anything
 * is changed. A driver that sets values later overwrites these; {@link holdKeepAlive} makes them stay.
 *
 * @param target a `net.Socket`, a `tls.TLSSocket`, a `net.Server` or a raw descriptor; it is never closed or stored
 * @param options the values ({@link KeepAliveOptions}), which turn keepalive on unless `enabled` is `false`; or one
 *   number n in milliseconds: time n, interval n/3 and 3 retries, in whole seconds; or `false`: off
 * @throws TypeError [ERR_INVALID_ARG_TYPE] or RangeError [ERR_OUT_OF_RANGE] for an invalid value; nothing is set
 * @throws TcpKeepAliveError for an unsupported target or option (see its `code`); nothing is set
 * @throws TcpKeepAliveSystemError when the system refuses: EBADF for a closed descriptor, ENOTSOCK for a file.
 *   `option` names the refused option; the message names the values that were set before it
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
    const socket = isSocket(target) ? target : undefined
    putAll(socket, fd, asked)
    if (socket !== undefined) {
      if (options === false) releaseDeadline(socket)
    } else if (typeof target === 'object') coverAccepted(target as Server, asked)
  }
  activeCoordinator()?.afterOwnSet(target, options === false ? undefined : asked)
}

/**
 * Reads the values that the kernel holds for a socket now, whoever set them. While the user timeout of a deadline is lifted
 * (`inspectSocket(socket).lifted`), it is 0, or more than 15 minutes where data is sent again to a peer that answers and does not take it.
 * While data is in flight with a long retransmission timeout, it is shorter than the solved one, because Linux counts it from the first
 * retransmission.
 *
 * @param target as for {@link setKeepAlive}
 * @returns durations in milliseconds; `undefined` for values that this system cannot read
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NOT_CONNECTED for a socket that is not connected yet,
 *   ERR_TCP_KEEPALIVE_NOT_LISTENING for a server that does not listen; otherwise as {@link setKeepAlive}
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
