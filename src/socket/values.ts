/** The five numbers in which the binding answers. */
import type { KeepAlive } from '../settings/keepalive.ts'

/** Where the binding writes them; read at once, so one array serves every call. */
export const values: Int32Array = new Int32Array(5)

/** Enabled, seconds, seconds, count, milliseconds; negative for what the system cannot tell. */
export function fromKernel(read: Int32Array): KeepAlive {
  const [enabled = 0, time = -1, interval = -1, retries = -1, userTimeout = -1] = read
  return {
    enabled: enabled !== 0,
    time: time < 0 ? undefined : time * 1000,
    interval: interval < 0 ? undefined : interval * 1000,
    retries: retries < 0 ? undefined : retries,
    userTimeout: userTimeout < 0 ? undefined : userTimeout,
  }
}
