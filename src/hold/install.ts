/** The public `installKeepAlive`: checks the arguments, and calls the coordinator. */
import { invalidArgType, outOfRange } from '../settings/errors.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { isPort, type PeerMatch, peerMatcher } from '../settings/match.ts'
import type { KeepAliveOptions } from '../settings/options.ts'
import { checkedReach, type Reach } from '../settings/reach.ts'
import { prepareForEvents } from '../socket/prepare.ts'
import { valuesToHold } from './claim.ts'
import { coordinator } from './coordinator.ts'
import type { KeepAliveInstall } from './handles.ts'
import { installInProcess } from './install-in-process.ts'

/** Which sockets an install is for. */
export interface InstallScope {
  /**
   * The peers, by port, by host pattern or by a function ({@link PeerMatch}); all peers if left out. A pattern is compared with the
   * requested name, with the address of the connection, and with a name that the client resolved to it, in this thread and through Node.
   * If nothing matches, `tcp-keepalive:unmatched` reports it once. A function is called once for each connection, at 'connect', when
   * everything about the peer is known. If it throws, the error is reported, and the connection does not match.
   */
  match?: PeerMatch | undefined
  /**
   * Also holds the values on connections that servers of this thread accept: `true` for all servers, or a list of local
   * ports. `match` applies only to the peers of outgoing connections. Later accepted connections are covered, also of servers that
   * already listen. A hold on the server takes precedence. Not in Bun, which does not report accepted connections.
   */
  accepted?: boolean | readonly number[] | undefined
  /**
   * `'process'`: also covers connections that no hook sees: those of native clients and other threads, those opened earlier, and
   * sockets made from a descriptor. A sweep looks at every descriptor of the process every 10 s, or every tenth of the deadline
   * if that is shorter. An outgoing connection that matches gets time, interval and retries, unless its own values notice a
   * dead peer as early. It gets a user timeout only if `userTimeout` is a number, and never in place of a shorter one.
   * For these connections `match` gets addresses, never names. Linux.
   *
   * @default 'thread'
   */
  reach?: Reach | undefined
}

/**
 * Holds values, as `holdKeepAlive` does, on every outgoing TCP socket that this thread connects from now on,
 * whichever library opens it.
 *
 * These are not reached without `reach: 'process'`: sockets that are already connected or connecting, sockets made from a
 * descriptor, other threads, and clients that do not use `node:net`. These are never reached: Unix-domain sockets and other processes
 * (`--require tcp-keepalive/register` in NODE_OPTIONS covers most threads and child processes). Accepted sockets need `accepted`.
 * Sockets that do not match are not changed.
 *
 * If several installs match, the newest wins. A hold on the socket itself takes precedence.
 *
 * @param options as for `holdKeepAlive`: a field that is left out is not held
 * @param scope which peers are covered; all if left out
 * @returns an object that ends the install
 * @throws as `setKeepAlive` for options; TypeError or RangeError for an invalid `match`, `accepted` or `reach`;
 *   ERR_TCP_KEEPALIVE_UNSUPPORTED for `accepted` in Bun and for `reach: 'process'` on systems other than Linux. `reach: 'process'`
 *   also throws a system error if a sandbox forbids it, and an error if no binary can be loaded
 *
 * @example
 * const install = installKeepAlive({ detectWithin: 30_000 }, { match: ['*:5432', '10.0.0.0/8:*'] })
 * install.uninstall()
 *
 * @example
 * installKeepAlive({ detectWithin: 30_000 }, { accepted: [8080, 8443] }) // also connections accepted at these ports
 */
export function installKeepAlive(
  options: KeepAliveOptions | number,
  scope: InstallScope = {},
): KeepAliveInstall {
  const values = valuesToHold(options)
  // People often pass a list or a function directly.
  if (typeof scope !== 'object' || scope === null || Array.isArray(scope)) {
    throw invalidArgType('scope', "an object: give { match: ['*:5432'] }", scope)
  }
  for (const name in scope) if (!OPTIONS.has(name)) throw unknownOption(name)
  const matcher = peerMatcher(scope.match)
  const accepted = acceptedPorts(scope.accepted)
  const reach = checkedReach(scope.reach)
  prepareForEvents() // if no binary can be loaded, it throws here, not at each 'connect'
  const chosen = coordinator()
  if (accepted && !chosen.installAccepted) throw ofOlderCopy()
  const install = (): KeepAliveInstall => {
    const outgoing = chosen.install(values, matcher)
    if (!accepted) return outgoing
    try {
      return both(outgoing, chosen.installAccepted?.(values, accepted.ports))
    } catch (error) {
      outgoing.uninstall()
      throw error
    }
  }
  if (reach !== 'process') return install()
  const onMatch = (): void => chosen.hasMatched?.(matcher)
  return installInProcess({ values, matcher, match: scope.match, onMatch }, install)
}

const OPTIONS: ReadonlySet<string> = new Set(['match', 'accepted', 'reach'])

/** @returns an object with the ports, `undefined` for all ports; `undefined` instead of the object if no accepted connection is covered */
function acceptedPorts(
  accepted: InstallScope['accepted'],
): { readonly ports: readonly number[] | undefined } | undefined {
  if (accepted === undefined || accepted === false) return undefined
  if (accepted !== true && !Array.isArray(accepted)) {
    throw invalidArgType('scope.accepted', 'true, or a list of local ports', accepted)
  }
  if (accepted !== true && accepted.length === 0)
    throw outOfRange('scope.accepted', 'true, or a list of ports that is not empty', accepted)
  for (const port of accepted === true ? [] : (accepted as readonly unknown[])) {
    if (!isPort(port)) throw outOfRange('scope.accepted', 'ports, from 1 to 65535', port)
  }
  if (process.versions['bun'] !== undefined) {
    const message = 'Bun does not tell what servers accept: hold each server, with holdKeepAlive(server, …)'
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNSUPPORTED', message)
  }
  return { ports: accepted === true ? undefined : accepted }
}

function both(...installs: ReadonlyArray<KeepAliveInstall | undefined>): KeepAliveInstall {
  const uninstall = (): void => {
    for (const install of installs) install?.uninstall()
  }
  return { uninstall, [Symbol.dispose]: uninstall }
}

function ofOlderCopy(): TcpKeepAliveError {
  const message =
    'An older copy of tcp-keepalive coordinates this thread, and it does not know "accepted": load one version of it everywhere'
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNSUPPORTED', message)
}

function unknownOption(name: string): TcpKeepAliveError {
  const message = `Unknown option "${name}" beside the values. There are "match", as in { match: '*:5432' }, "accepted" and "reach"`
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNKNOWN_OPTION', message)
}
