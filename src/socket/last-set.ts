/** What this package has put into each connection last, to tell whether somebody has changed it since. */
import { type Socket } from 'node:net'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { beneath, handleOf } from './node-internals.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** By handle, as a socket that connects again has another, and a kernel that knows nothing of the earlier values. */
const lastSet = new WeakMap<object, Mutable<KernelValues>>()

/** Runs at every set, so a later one writes over the numbers of the first, and asks for no memory. */
export function rememberSet(socket: Socket, values: KernelValues): void {
  const handle = handleOf(beneath(socket))
  if (handle === undefined) return
  const known = lastSet.get(handle)
  if (known === undefined) lastSet.set(handle, { ...values })
  else put(known, values)
}

/** Where a field was never given, {@link LEAVE}. */
export function lastSetOn(socket: Socket): KernelValues | undefined {
  const handle = handleOf(beneath(socket))
  return handle && lastSet.get(handle)
}

function put(known: Mutable<KernelValues>, values: KernelValues): void {
  known.enabled = values.enabled
  if (values.timeSeconds !== LEAVE) known.timeSeconds = values.timeSeconds
  if (values.intervalSeconds !== LEAVE) known.intervalSeconds = values.intervalSeconds
  if (values.retries !== LEAVE) known.retries = values.retries
  if (values.userTimeoutMs !== LEAVE) known.userTimeoutMs = values.userTimeoutMs
}
