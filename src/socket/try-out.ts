/** Checks whether values can be set at all in this process. */
import type { KernelValues } from '../settings/options.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'

/**
 * Sets the values on a new TCP socket, reads them back and closes it. This fails if the system refuses an option on every socket
 * of the process: in a sandbox, or if all its sockets use Multipath TCP.
 *
 * @throws TcpKeepAliveSystemError that names the option
 */
export function tryOut(values: KernelValues): void {
  const { enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs } = values
  const status = native().tryKeepAlive(enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs)
  if (status !== 0) throw statusError(status, 'setsockopt')
}
