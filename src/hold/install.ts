/** The public `installKeepAlive`: checks the call, and hands it to the coordinator. */
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
   * The peers, by port, by host pattern or by a function ({@link PeerMatch}); left out: all. The name that was asked for
   * and the address that it led to both count, and so does a name that the client resolved itself, in this thread and through Node.
   * What fits nothing is said once, on `tcp-keepalive:unmatched`. A function is called once for each connection, at 'connect', when all
   * is known of the peer; should it throw, that is reported and counts as no match.
   */
  match?: PeerMatch | undefined
  /**
   * Holds the values on what the servers of this thread accept too, whoever made the server: `true` for all, or a list of local
   * ports. `match` is about the peers of outgoing connections, and is not applied here. Covered is what is accepted from then
   * on, also by servers that listen already; a hold on the server comes first. Not in Bun, which does not tell what is accepted.
   */
  accepted?: boolean | readonly number[] | undefined
  /**
   * `'process'`: also the connections that no hook sees, whoever opened them: native clients, other threads, what was open before,
   * what is made from a descriptor. Every descriptor of the process is looked at each 10 s, or each tenth of the deadline
   * where that is less. A connection that leads outwards and matches gets time, interval and retries, unless its owner notices a
   * dead peer as soon; a user timeout only where `userTimeout` is given as a number, and never over a shorter one.
   * There `match` sees addresses, never names. Linux.
   *
   * @default 'thread'
   */
  reach?: Reach | undefined
}

/**
 * Holds values, as `holdKeepAlive` does, on every outgoing TCP socket of this thread that is connected from now on,
 * whichever library opens it.
 *
 * Not reached, unless `reach: 'process'` is asked for: sockets that are connected or connecting already, sockets that a server
 * accepts (see `accepted`) or that are made from a descriptor, Unix-domain sockets, other threads and processes (of which
 * `--require tcp-keepalive/register` in NODE_OPTIONS covers most),
 * and clients that do not use `node:net`. Sockets that do not match keep exactly the options they would have had.
 *
 * Of several installs the newest that matches governs; a hold on the socket itself comes before any.
 *
 * @param options as for `holdKeepAlive`: what is left out is not held
 * @param scope which peers are meant; all, where it is left out
 * @returns what ends the install
 * @throws as `setKeepAlive` does for options; TypeError or RangeError for a `match`, `accepted` or `reach` that is none;
 *   ERR_TCP_KEEPALIVE_UNSUPPORTED for `accepted` in Bun and for `reach: 'process'` on other systems than Linux; with it a system
 *   error where a sandbox forbids it; where no binary can be loaded, that
 *
 * @example
 * const install = installKeepAlive({ detectWithin: 30_000 }, { match: ['*:5432', '10.0.0.0/8:*'] })
 * install.uninstall()
 *
 * @example
 * installKeepAlive({ detectWithin: 30_000 }, { accepted: [8080, 8443] }) // and what comes in at these ports
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
  for (const name in scope) if (!OPTIONS.has(name)) throw unknownOption(name)
  const matcher = peerMatcher(scope.match)
  const accepted = acceptedPorts(scope.accepted)
  const reach = checkedReach(scope.reach)
  prepareForEvents() // throws here, not at each 'connect', where no binary fits
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

/** @returns the ports, which are `undefined` for all; `undefined` itself where nothing that is accepted is meant */
function acceptedPorts(
  accepted: InstallScope['accepted'],
): { readonly ports: readonly number[] | undefined } | undefined {
  if (accepted === undefined || accepted === false) return undefined
  if (accepted !== true && !Array.isArray(accepted)) {
    throw invalidArgType('scope.accepted', 'true, or a list of local ports', accepted)
  }
  if (accepted !== true && accepted.length === 0)
    throw outOfRange('scope.accepted', 'true, or ports', accepted)
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
