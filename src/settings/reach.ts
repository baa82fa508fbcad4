/** How far an install reaches. */
import { isLinux } from './capabilities.ts'
import { coded, invalidArgType } from './errors.ts'
import { TcpKeepAliveError } from './tcp-keepalive-error.ts'

/** The connections that this thread opens by `node:net`, or also all others of the process, whoever opened them. */
export type Reach = 'thread' | 'process'

/** @throws TypeError for what is none; TcpKeepAliveError ERR_TCP_KEEPALIVE_UNSUPPORTED where the system cannot */
export function checkedReach(reach: unknown): Reach {
  if (reach === undefined || reach === 'thread') return 'thread'
  if (reach !== 'process') throw notReach(reach)
  if (isLinux(process.platform)) return reach
  const message = `"reach: 'process'" is for Linux: on ${process.platform} there is no such look at all sockets`
  throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNSUPPORTED', message)
}

function notReach(reach: unknown): TypeError {
  const expected = "'thread' or 'process'"
  if (typeof reach !== 'string') return invalidArgType('reach', expected, reach)
  return coded(new TypeError(`The "reach" must be ${expected}. Received "${reach}"`), 'ERR_INVALID_ARG_VALUE')
}
