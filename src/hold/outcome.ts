/** What an error says about the peer. */
import { capabilities } from '../settings/capabilities.ts'

/**
 * What became of a probe, or of data that was sent:
 *
 * - `no-answer`: no answer to several attempts (ETIMEDOUT). The peer, or the path to it, is gone. On Windows also ECONNABORTED, and
 *   ECANCELED of a write: the system aborted the connection, possibly because nothing was acknowledged.
 * - `reset`: the peer answered that it does not know the connection (ECONNRESET). It was restarted. On Windows it can also mean that
 *   nobody answered: libuv reports an aborted connection so to a waiting read, and Windows a connection that keepalive ended.
 * - `unreachable`: a router reported that the peer is unreachable (EHOSTUNREACH, ENETUNREACH), or this machine found no route to it
 *   (the same codes, EHOSTDOWN, ENETDOWN). On macOS and FreeBSD it is always this machine.
 */
export type Outcome = 'no-answer' | 'reset' | 'unreachable'

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map([
  ['ETIMEDOUT', 'no-answer'],
  ['ECONNRESET', 'reset'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  // The last error of sending, in the place of ETIMEDOUT: tcp_drop() in tcp_subr.c of xnu and FreeBSD. A silent peer in the same
  // network segment is EHOSTDOWN on FreeBSD.
  ['EHOSTDOWN', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
])

/**
 * "Windows Sockets Error Codes" of Microsoft: WSAECONNABORTED may be a data transmission time-out. Elsewhere ECONNABORTED says that
 * this machine itself ended the connection (tcp_abort() in net/ipv4/tcp.c of Linux).
 *
 * libuv makes ECONNRESET of WSAECONNABORTED in uv__process_tcp_read_req(), and ECANCELED in uv__process_tcp_write_req()
 * (win/tcp.c, 1.44 to 1.52). It has no name for WSAENETRESET, a failure that keepalive detected: that comes as UNKNOWN, as any
 * other error without a name does (win/error.c).
 */
const OUTCOMES_OF_WINDOWS: ReadonlyMap<unknown, Outcome> = new Map([
  ...OUTCOMES,
  ['ECONNABORTED', 'no-answer'],
])

/** Errors are wrapped a few times at most. A longer chain of causes is circular. */
const DEEPEST_CAUSE = 10

/**
 * Says what an error means for the peer of an established connection.
 *
 * Looks also at `cause`, because client libraries wrap the socket's error in their own. For an error of `connect()` the result is
 * `undefined`, whatever its code, because there was no connection. This includes the error for several addresses.
 *
 * @param error any thrown or emitted value
 * @returns the outcome; `undefined` if the error does not mean that the peer is lost
 *
 * @example
 * socket.on('error', (error) => console.error(outcomeOf(error))) // 'no-answer'
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  return outcomeOn(capabilities.platform, error)
}

/** @param platform the system that the error comes from, by `process.platform` */
export function outcomeOn(platform: string, error: unknown): Outcome | undefined {
  const isWindows = platform === 'win32'
  const outcomes = isWindows ? OUTCOMES_OF_WINDOWS : OUTCOMES
  let current = error
  for (let depth = 0; depth < DEEPEST_CAUSE; depth++) {
    if (typeof current !== 'object' || current === null) return undefined
    const { code, syscall, cause, errors } = current as Partial<
      Record<'code' | 'syscall' | 'cause' | 'errors', unknown>
    >
    const isAbortedWrite = isWindows && code === 'ECANCELED' && syscall === 'write'
    const outcome = outcomes.get(isAbortedWrite ? 'ECONNABORTED' : code)
    // `errors`: an AggregateError, in which net.connect() reports the addresses that it tried.
    const isOfConnect = syscall === 'connect' || Array.isArray(errors)
    if (outcome !== undefined) return isOfConnect ? undefined : outcome
    current = cause
  }
  return undefined
}
