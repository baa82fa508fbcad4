/** The public `holdKeepAlive`: checks the arguments, and calls the coordinator. */
import { Server, Socket } from 'node:net'
import type { KeepAliveOptions } from '../settings/options.ts'
import { beneath, behindProxy } from '../socket/node-internals.ts'
import { prepareForEvents } from '../socket/prepare.ts'
import { descriptorOf, NOT_YET, notTarget, type Target } from '../socket/target.ts'
import { hasListener } from './begin-server-hold.ts'
import { valuesToHold } from './claim.ts'
import { coordinator } from './coordinator.ts'
import type { KeepAliveHold } from './handles.ts'

/**
 * Holds values on a socket. The socket gets them at each 'connect', also when the same object connects again. They stay in
 * force when a driver or an agent calls `socket.setKeepAlive()`, also with `false`, on the socket or on TLS around it.
 *
 * On a server, the values are set on the listener and held on every connection that the server accepts from then on. They
 * replace those of the server's own `keepAlive` option.
 *
 * - A field that is left out is not held: the driver's value for it takes effect.
 * - If several holds and installs cover the socket, the most specific one wins: the socket's own newest hold, then holds of the
 *   server that accepted it, newest first, or installs that match, newest first.
 * - This package's own `setKeepAlive(socket, options)` changes the newest hold: the fields it gives are held from
 *   then on. `setKeepAlive(socket, false)` turns keepalive off, ends every hold on the socket, and suspends installs
 *   for it until it reconnects. A call by raw descriptor changes the kernel's values only.
 * - If the system refuses an option, as Multipath TCP refuses the user timeout, the error goes to the diagnostics channel
 *   `tcp-keepalive:error` and to one process warning. The other options are held. Every later failure is reported in the same way;
 *   nothing is thrown.
 *
 * @param target a `net.Socket` or `tls.TLSSocket`, connected or not, or a `net.Server` (also of `tls` and `http`),
 *   listening or not
 * @param options as for `setKeepAlive`, but not `false`; use `{ enabled: false }` to hold keepalive off
 * @returns an object that ends the hold
 * @throws as `setKeepAlive`; nothing is held then
 *
 * @example
 * const hold = holdKeepAlive(socket, { detectWithin: 30_000 })
 * hold.release()
 */
export function holdKeepAlive(
  target: Exclude<Target, number>,
  options: KeepAliveOptions | number,
): KeepAliveHold {
  const values = valuesToHold(options)
  if (target instanceof Server) {
    const isListening = hasListener(target)
    prepareForEvents() // if no binary can be loaded, it throws here, not at 'connect'
    return coordinator().holdServer(target, values, isListening)
  }
  if (target instanceof Socket) {
    const connection = beneath(behindProxy(target))
    const isConnected = descriptorOf(connection) !== NOT_YET
    prepareForEvents()
    return coordinator().holdSocket(connection, values, isConnected)
  }
  throw notTarget(target, 'a net.Socket, a tls.TLSSocket or a net.Server')
}
