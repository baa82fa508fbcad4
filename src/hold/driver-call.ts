/**
 * Handles a driver's `socket.setKeepAlive()` on a held socket. The kernel already has the held values, unless other code has
 * bypassed the hold. So the kernel is asked (3.5 µs; connecting takes 50 µs or more). A call that repeats the last one is
 * ignored: Node itself does nothing for it, and http.Agent repeats it for each request.
 */
import type { SocketState } from './socket-state.ts'

/** Records the call. Returns whether the previous call on this connection was the same. */
export function isRepeatedCall(state: SocketState, args: readonly unknown[]): boolean {
  const call = asNumber(args)
  const isRepeated = call !== undefined && state.lastCall === call
  state.lastCall = call
  return isRepeated
}

const OFF = -1

/** `undefined` unless the call is the usual `(enable, delay)`. Node 26 also accepts more arguments, or an object. */
function asNumber([enable, delay, ...more]: readonly unknown[]): number | undefined {
  if (more.length > 0 || (delay !== undefined && typeof delay !== 'number')) return undefined
  if (enable === true) return delay ?? 0
  return enable === false || enable === undefined ? OFF : undefined
}
