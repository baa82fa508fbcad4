/** What an error says about the peer. */
import { capabilities } from '../settings/capabilities.ts'

/**
 * What became of a probe, or of data that was sent:
 *
 * - `no-answer`: nothing came back, again and again (ETIMEDOUT, on Windows also ECONNABORTED): the peer, or the way to it, is gone;
 * - `reset`: the peer answered that it knows no such connection (ECONNRESET): it was restarted. On Windows it may also be that nobody
 *   answered, as libuv reports WSAECONNABORTED of a waiting read so (`uv_process_tcp_read_req()` in win/tcp.c);
 * - `unreachable`: a router said that there is no way to the peer (EHOSTUNREACH, ENETUNREACH).
 */
export type Outcome = 'no-answer' | 'reset' | 'unreachable'

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map([
  ['ETIMEDOUT', 'no-answer'],
  ['ECONNRESET', 'reset'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
])

/**
 * "Windows Sockets Error Codes" of Microsoft: WSAECONNABORTED may be a data transmission time-out, and WSAENETRESET is keep-alive
 * activity that detected a failure. Elsewhere the first says that this machine itself ended the connection (tcp_abort() in
 * net/ipv4/tcp.c of Linux).
 */
const OUTCOMES_OF_WINDOWS: ReadonlyMap<unknown, Outcome> = new Map([
  ...OUTCOMES,
  ['ECONNABORTED', 'no-answer'],
  ['ENETRESET', 'no-answer'],
])

/** Errors are wrapped a few times at most; a longer chain is a ring. */
const DEEPEST_CAUSE = 10

/**
 * Tells from an error what became of an established connection's peer.
 *
 * Looks through `cause`, as client libraries wrap the socket's error in their own. An error of `connect()`, also the
 * one that stands for several addresses, says nothing about a connection and gives `undefined`, whatever its code.
 *
 * @param error anything that was thrown or emitted
 * @returns `undefined` for anything that is not about a dead peer
 *
 * @example
 * socket.on('error', (error) => console.error(outcomeOf(error))) // 'no-answer'
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  return outcomeOn(capabilities.platform, error)
}

/** @param platform the system that the error comes from, by `process.platform` */
export function outcomeOn(platform: string, error: unknown): Outcome | undefined {
  const outcomes = platform === 'win32' ? OUTCOMES_OF_WINDOWS : OUTCOMES
  let current = error
  for (let depth = 0; depth < DEEPEST_CAUSE; depth++) {
    if (typeof current !== 'object' || current === null) return undefined
    const { code, syscall, cause, errors } = current as Partial<
      Record<'code' | 'syscall' | 'cause' | 'errors', unknown>
    >
    const outcome = outcomes.get(code)
    // `errors`: an AggregateError, in which net.connect() reports the addresses that it tried.
    const isOfConnect = syscall === 'connect' || Array.isArray(errors)
    if (outcome !== undefined) return isOfConnect ? undefined : outcome
    current = cause
  }
  return undefined
}
