/** The five numbers in which the binding returns keepalive values. */
import type { KeepAlive } from '../settings/keepalive.ts'

export const VALUES_LENGTH = 5

/** The binding writes them here. They are read immediately, so one array serves every call. */
export const values: Int32Array = new Int32Array(VALUES_LENGTH)

/** Reads enabled, seconds, seconds, count, milliseconds, starting at `at`. Negative: the system cannot report the value. */
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
