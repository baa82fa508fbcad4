/** Whether values can be set at all in this process. */
import type { KernelValues } from '../settings/options.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'

/**
 * Puts the values into a TCP socket of its own, reads them back and closes it. It fails where the system refuses an option to
 * every socket of the process: in a sandbox, or where all its sockets are of Multipath TCP.
 *
 * @throws TcpKeepAliveSystemError that names the option
 */
export function tryOut(values: KernelValues): void {
  const { enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs } = values
  const status = native().tryKeepAlive(enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs)
  if (status !== 0) throw statusError(status, 'setsockopt')
}
