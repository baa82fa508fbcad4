/** The errors of a target and of the system. */
import { coded } from '../settings/errors.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { native } from './native.ts'
import { nodeOs, nodeUtil } from './node-modules.ts'

/** An error of the operating system, with the fields of Node's system errors and the refused option. */
export interface TcpKeepAliveSystemError extends Error {
  /** The system's code, such as `EBADF`, `ENOTSOCK` or `EINVAL`. */
  code: string
  /** The system's error number, negative, as in Node's own errors; on Windows the number of Winsock, such as -10038. */
  errno: number
  /** The system call that failed. */
  syscall: 'getsockopt' | 'setsockopt' | 'socket'
  /** The refused option, such as `TCP_KEEPCNT`. */
  option: string
}

/** The status that the binding gives for a socket of another kind. */
const NOT_TCP = -1

/** The bits of a status that hold the system's error number; the option's number is above them. */
const ERRNO_BITS = 16

/** The first option in a status: what kind of socket it is, which is only ever read. */
const PROTOCOL = 1

/** The number of the refused option in a status; 0 if there is none. */
export function refusedOption(status: number): number {
  return status === NOT_TCP ? 0 : status >> ERRNO_BITS
}

/**
 * Converts a status of the binding other than 0 into its error.
 *
 * @param addition text to append to the message of a system error
 */
export function statusError(
  status: number,
  syscall: TcpKeepAliveSystemError['syscall'],
  addition = '',
): TcpKeepAliveError | TcpKeepAliveSystemError {
  if (status === NOT_TCP) return notTcp()
  const number = status >> ERRNO_BITS
  const errno = 0 - (status & ((1 << ERRNO_BITS) - 1)) // and not -0
  const option = native().optionName(number) ?? `option ${number}`
  const code = errno === 0 ? 'UNKNOWN' : systemErrorName(errno)
  const call = number === PROTOCOL && syscall === 'setsockopt' ? 'getsockopt' : syscall
  const error = new Error(`${call} ${option} ${code}${EXPLANATIONS[code] ?? ''}${addition}`)
  return Object.assign(coded(error, code), { errno, syscall: call, option })
}

/** On Windows the native part hands on Winsock's numbers, which Node knows as WSAENOTSOCK and the like. */
function systemErrorName(errno: number): string {
  const winsock = Object.entries(nodeOs().constants.errno).find(
    ([name, number]) => number === -errno && name.startsWith('WSA'),
  )
  return winsock?.[0].replace('WSA', '') ?? nodeUtil().getSystemErrorName(errno)
}

/** What a code of the system means here. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  EBADF: ': the descriptor is not open',
  ENOTSOCK: ': the descriptor is not a socket',
  // sosetoptlock() in bsd/kern/uipc_socket.c of xnu, where both directions are shut, as after a reset.
  EINVAL: ': the system refuses this value (on macOS also once the connection has ended)',
  ENOPROTOOPT: ': this socket does not have the option',
  EOPNOTSUPP: ': this socket does not have the option',
  UNKNOWN: ': the system took the value, but holds another', // without an error number
}

export function notTcp(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_NOT_TCP',
    'The target is not a TCP socket (a Unix-domain socket, a named pipe or a datagram socket has no keepalive)',
  )
}

export function destroyed(): TcpKeepAliveError {
  return new TcpKeepAliveError('ERR_TCP_KEEPALIVE_DESTROYED', 'The socket is destroyed')
}

export function notConnected(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_NOT_CONNECTED',
    "The socket is not connected yet, so the kernel holds no values for it: read them after 'connect'",
  )
}

export function notListening(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_NOT_LISTENING',
    "The server does not listen, so the kernel holds no values for it: read them after 'listening'",
  )
}

export function noDescriptor(): TcpKeepAliveError {
  return new TcpKeepAliveError(
    'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR',
    'There is no TCP socket of this process beneath the target (TLS over another stream, or a listener that ' +
      'the cluster primary holds), or more than one that could be meant',
  )
}
