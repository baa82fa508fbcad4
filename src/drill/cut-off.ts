/** Cuts off a connection on purpose, to test what the program does. */
import { Server } from 'node:net'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { notConnected } from '../socket/errors.ts'
import { checkHopMinimum } from '../socket/hop-minimum.ts'
import { descriptorOf, NOT_YET, type Target } from '../socket/target.ts'
import { getTcpInfo } from '../socket/tcp-info.ts'
import { cutOf } from './cut.ts'

/** A connection that is cut off until it is restored; `using` restores it at the end of a block. */
export interface Drill {
  /**
   * Ends the cut: packets of the peer arrive again, and TCP retransmits what it sent meanwhile. If the socket
   * was cut off more than once, the last `restore()` ends the cut. A second call does nothing, and neither does a call after the
   * connection has ended.
   *
   * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_UNSUPPORTED if packets of the peer arrived during the cut, so that it tested nothing;
   *   the earlier settings are already restored then
   */
  restore(): void
  /** The same as `restore()`, for `using`. */
  [Symbol.dispose](): void
}

/**
 * Cuts off a connection: from now on the kernel drops everything that its peer sends, before TCP sees it. To the program it looks as if
 * the peer, or the network, had died silently. Data of the program is still sent, and no answer comes back. The program gets an error
 * when the kernel gives up: by keepalive while it waits, by the user timeout while it writes.
 *
 * It needs no rights, no network namespace and no other program, works in every container, and changes no other connection. New
 * connections to the same peer work. Any number of connections can be cut off, in any order; earlier settings are restored. The
 * options are IP_MINTTL and IPV6_MINHOPCOUNT with 255, ip(7), RFC 5082: the kernel accepts only packets that were sent with a TTL of
 * 255 and have not passed a router. Nearly all systems send with 64 or 128.
 *
 * A peer, or a load balancer in front of it, that sends with 255 and is not behind a router cannot be cut off. So the connection is
 * checked ten times a second, from 0.1 s after the call on, and `restore()` throws if any packet arrived.
 *
 * Linux only.
 *
 * @param target a connected `net.Socket` or `tls.TLSSocket`, from either end, or a raw descriptor
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_UNSUPPORTED on other systems, and for a server, because all its accepted connections
 *   would be cut off too; ERR_TCP_KEEPALIVE_NOT_CONNECTED for a socket that is not connected
 * @throws as `getKeepAlive` for an invalid target
 *
 * @example
 * import { cutOff } from 'tcp-keepalive/drill'
 *
 * const cut = cutOff(socket)
 * socket.once('error', (error) => console.log(error)) // ETIMEDOUT, if keepalive or a user timeout is set
 * socket.once('close', () => cut.restore())
 */
export function cutOff(target: Target): Drill {
  checkHopMinimum()
  if (target instanceof Server) throw listener()
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notConnected()
  const { state } = getTcpInfo(fd)
  if (state === 'listen') throw listener()
  if (state === 'closed' || state === 'syn-sent') throw notConnected()
  const cut = cutOf(target, fd)
  cut.add()
  let isCut = true
  const restore = (): void => {
    if (!isCut) return
    isCut = false
    cut.remove()
    if (cut.heard) throw stillHeard()
  }
  return { restore, [Symbol.dispose]: restore }
}

function listener(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_UNSUPPORTED',
    'A server cannot be cut off, as all that it accepts would be cut off too: cut off the sockets that it has accepted',
  )
}

function stillHeard(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_UNSUPPORTED',
    "The connection was not cut off: its peer's packets come with a TTL of 255, and were heard all the time. Cut it off on the way instead",
  )
}
