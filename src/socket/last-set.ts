/** What this package has put into each connection last, to tell whether somebody has changed it since. */
import { type Socket } from 'node:net'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { beneath, handleOf } from './node-internals.ts'

/** By handle, as a socket that connects again has another, and a kernel that knows nothing of the earlier values. */
const lastSet = new WeakMap<object, KernelValues>()

export function rememberSet(socket: Socket, values: KernelValues): void {
  const handle = handleOf(beneath(socket))
  if (handle === undefined) return
  const before = lastSet.get(handle)
  if (before !== values) lastSet.set(handle, before === undefined ? values : merged(before, values))
}

/** Where a field was never given, {@link LEAVE}. */
export function lastSetOn(socket: Socket): KernelValues | undefined {
  const handle = handleOf(beneath(socket))
  return handle && lastSet.get(handle)
}

function last(earlier: number, later: number): number {
  return later === LEAVE ? earlier : later
}

function merged(before: KernelValues, values: KernelValues): KernelValues {
  return {
    enabled: values.enabled,
    timeSeconds: last(before.timeSeconds, values.timeSeconds),
    intervalSeconds: last(before.intervalSeconds, values.intervalSeconds),
    retries: last(before.retries, values.retries),
    userTimeoutMs: last(before.userTimeoutMs, values.userTimeoutMs),
  }
}
