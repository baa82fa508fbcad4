/** The errors of this package's own, whose codes start with `ERR_TCP_KEEPALIVE_`. */
import { isError, showCode } from './errors.ts'

const PREFIX = 'ERR_TCP_KEEPALIVE_'

/** The codes of {@link TcpKeepAliveError}. */
export type TcpKeepAliveErrorCode =
  /** An option that does not exist; the message names the right one. */
  | 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION'
  /** Options that exclude each other, such as `detectWithin` and `time`. */
  | 'ERR_TCP_KEEPALIVE_CONFLICTING_OPTIONS'
  /** This system does not support the request. */
  | 'ERR_TCP_KEEPALIVE_UNSUPPORTED'
  /** The socket is not connected yet, so it holds no values. */
  | 'ERR_TCP_KEEPALIVE_NOT_CONNECTED'
  /** The server does not listen yet, so it holds no values. */
  | 'ERR_TCP_KEEPALIVE_NOT_LISTENING'
  /** The socket is destroyed. */
  | 'ERR_TCP_KEEPALIVE_DESTROYED'
  /** The target is not a TCP socket, but for example a Unix-domain socket or a datagram socket. */
  | 'ERR_TCP_KEEPALIVE_NOT_TCP'
  /** The target has no descriptor in this process: TLS over a stream, a cluster worker's shared listener. */
  | 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR'
  /** The peer cannot be probed, because its window is closed and written data waits. */
  | 'ERR_TCP_KEEPALIVE_BUSY'
  /** The native binary is missing, broken or forbidden; the message says which, and what to do. */
  | 'ERR_TCP_KEEPALIVE_NO_BINARY'
  /** The rest of the package, which loads at the first call, cannot be loaded; `cause` says why. */
  | 'ERR_TCP_KEEPALIVE_NOT_LOADED'

/**
 * An error of this package. `code` says which one. Test with `instanceof`, never with `constructor`, because
 * there is more than one such class.
 */
export class TcpKeepAliveError extends Error {
  static {
    this.prototype.name = 'TcpKeepAliveError'
  }

  /**
   * Tests the kind of the error, not its class: an ES module, a CommonJS file and another copy of this package each have their own
   * class.
   *
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true
    return this === TcpKeepAliveError && isOurs(value)
  }

  /** The kind of the error. It stays the same over versions; the message may change. */
  readonly code: TcpKeepAliveErrorCode

  /** @internal */
  // Not ErrorOptions: a program that is compiled for a target below ES2022 does not have that type.
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
