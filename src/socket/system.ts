/** The defaults of the system. */
import type { KeepAlive } from '../settings/keepalive.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'
import { fromKernel, values } from './values.ts'

/**
 * Reads the system's defaults, as a fresh TCP socket has them.
 *
 * On Linux these are net.ipv4.tcp_keepalive_time, _intvl and _probes of this network namespace. Unless changed, they are
 * 7200 s, 75 s and 9. With keepalive on, a dead peer is then noticed after 2 h 11 min 15 s.
 *
 * @throws TcpKeepAliveSystemError if no socket can be created (EMFILE, or EACCES in a sandbox)
 *
 * @example
 * systemKeepAlive() // { enabled: false, time: 7200000, interval: 75000, retries: 9, userTimeout: 0 }
 */
export function systemKeepAlive(): KeepAlive {
  const status = native().systemKeepAlive(values)
  if (status !== 0) throw statusError(status, 'socket')
  return fromKernel(values)
}
