/** The public `installKeepAlive`: checks the call, and hands it to the coordinator. */
import { invalidArgType } from '../settings/errors.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { type PeerMatch, peerMatcher } from '../settings/match.ts'
import type { KeepAliveOptions } from '../settings/options.ts'
import { prepareForEvents } from '../socket/prepare.ts'
import { valuesToHold } from './claim.ts'
import { coordinator } from './coordinator.ts'
import type { KeepAliveInstall } from './handles.ts'

/** Which sockets an install is for. */
export interface InstallScope {
  /**
   * The peers, by port, by host pattern or by a function ({@link PeerMatch}); left out: all. The name that was asked for
   * and the address that it led to both count. A function is called once for each connection, at 'connect', when all
   * is known of the peer; should it throw, that is reported and counts as no match.
   */
  match?: PeerMatch | undefined
}

/**
 * Holds values, as `holdKeepAlive` does, on every outgoing TCP socket of this thread that is connected from now on,
 * whichever library opens it.
 *
 * Not reached: sockets that are connected or connecting already, sockets that a server accepts or that are made from
 * a descriptor, Unix-domain sockets, other threads and processes (which `--import tcp-keepalive/register` covers),
 * and clients that do not use `node:net`. Sockets that do not match keep exactly the options they would have had.
 *
 * Of several installs the newest that matches governs; a hold on the socket itself comes before any.
 *
 * @param options as for `holdKeepAlive`: what is left out is not held
 * @param scope which peers are meant; all, where it is left out
 * @returns what ends the install
 * @throws as `setKeepAlive` does for options; TypeError for a `match` that is none; where no binary can be loaded, that
 *
 * @example
 * const install = installKeepAlive({ detectWithin: 30_000 }, { match: ['*:5432', '10.0.0.0/8:*'] })
 * install.uninstall()
 */
export function installKeepAlive(
  options: KeepAliveOptions | number,
  scope: InstallScope = {},
): KeepAliveInstall {
  const values = valuesToHold(options)
  // A list or a function by itself is what people try first.
  if (typeof scope !== 'object' || scope === null || Array.isArray(scope)) {
    throw invalidArgType('scope', "an object: give { match: ['*:5432'] }", scope)
  }
  for (const name in scope) if (name !== 'match') throw unknownOption(name)
  const matcher = peerMatcher(scope.match)
  prepareForEvents() // throws here, not at each 'connect', where no binary fits
  return coordinator().install(values, matcher)
}

function unknownOption(name: string): TcpKeepAliveError {
  const message = `Unknown option "${name}" beside the values. There is "match", as in { match: '*:5432' }`
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNKNOWN_OPTION', message)
}
