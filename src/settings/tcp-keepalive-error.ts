/** The errors of this package's own, whose codes start with `ERR_TCP_KEEPALIVE_`. */
import { isError, showCode } from './errors.ts'

const PREFIX = 'ERR_TCP_KEEPALIVE_'

/** The codes of {@link TcpKeepAliveError}. */
export type TcpKeepAliveErrorCode =
  /** An option that does not exist; the message names the right one. */
  | 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION'
  /** Options that exclude each other, such as `detectWithin` and `time`. */
  | 'ERR_TCP_KEEPALIVE_CONFLICTING_OPTIONS'
  /** This system cannot do what was asked for. */
  | 'ERR_TCP_KEEPALIVE_UNSUPPORTED'
  /** The socket is not connected yet, so it holds no values. */
  | 'ERR_TCP_KEEPALIVE_NOT_CONNECTED'
  /** The server does not listen yet, so it holds no values. */
  | 'ERR_TCP_KEEPALIVE_NOT_LISTENING'
  /** The socket is destroyed. */
  | 'ERR_TCP_KEEPALIVE_DESTROYED'
  /** The target is no TCP socket: a Unix-domain socket, a datagram socket. */
  | 'ERR_TCP_KEEPALIVE_NOT_TCP'
  /** There is no descriptor of this process beneath: TLS over a stream, a cluster worker's shared listener. */
  | 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR'
  /** The peer cannot be asked: it keeps its window closed, so that what is written waits. */
  | 'ERR_TCP_KEEPALIVE_BUSY'
  /** The native binary is missing, broken or forbidden; the message says which, and what to do. */
  | 'ERR_TCP_KEEPALIVE_NO_BINARY'
  /** The rest of the package, which comes with the first call, cannot be read (any more); `cause` says why. */
  | 'ERR_TCP_KEEPALIVE_NOT_LOADED'

/**
 * An error of this package's own. `code` tells which one. To tell it from other errors use `instanceof`, not `constructor`, as
 * there is more than one such class.
 */
export class TcpKeepAliveError extends Error {
  static {
    this.prototype.name = 'TcpKeepAliveError'
  }

  /**
   * By what it is, not by who made it: an ES module, a CommonJS file and another copy of this package each have a class of
   * their own.
   *
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true
    return this === TcpKeepAliveError && isOurs(value)
  }

  /** What is the matter; it stays the same over versions, as the message may not. */
  readonly code: TcpKeepAliveErrorCode

  /** @internal */
  // Not ErrorOptions, which a program that is compiled for less than ES2022 does not have.
  constructor(code: TcpKeepAliveErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
    showCode(this, code)
  }
}

function isOurs(value: unknown): boolean {
  try {
    return (
      isError(value) && 'code' in value && typeof value.code === 'string' && value.code.startsWith(PREFIX)
    )
  } catch {
    return false // its `code` is a getter that throws
  }
}
