/** The five numbers in which the binding answers. */
import type { KeepAlive } from '../settings/keepalive.ts'

export const VALUES_LENGTH = 5

/** Where the binding writes them; read at once, so one array serves every call. */
export const values: Int32Array = new Int32Array(VALUES_LENGTH)

/** Enabled, seconds, seconds, count, milliseconds, from `at` on; negative for what the system cannot tell. */
export function fromKernel(read: Int32Array, at = 0): KeepAlive {
  const [enabled = 0, time = -1, interval = -1] = [read[at], read[at + 1], read[at + 2]]
  const [retries = -1, userTimeout = -1] = [read[at + 3], read[at + 4]]
  return {
    enabled: enabled !== 0,
    time: time < 0 ? undefined : time * 1000,
    interval: interval < 0 ? undefined : interval * 1000,
    retries: retries < 0 ? undefined : retries,
    userTimeout: userTimeout < 0 ? undefined : userTimeout,
  }
}
