/**
 * Errors of Node's kind: `TypeError [ERR_INVALID_ARG_TYPE]`, `RangeError [ERR_OUT_OF_RANGE]`, and our own, whose
 * codes start with `ERR_TCP_KEEPALIVE_`.
 */

/**
 * Whether something is an error, of whichever realm: where this package was loaded within a vm context, as test runners
 * do, Node's errors are of another `Error` than there.
 */
export function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === '[object Error]'
}

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
  /** The native binary is missing, broken or forbidden; the message says which, and what to do. */
  | 'ERR_TCP_KEEPALIVE_NO_BINARY'

/** An error of this package's own. Tell them apart by `code`. */
export class TcpKeepAliveError extends Error {
  static {
    this.prototype.name = 'TcpKeepAliveError'
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

/** `name`: the argument, as `options.time`; `expected`: what it must be, as `of type number`. */
export function invalidArgType(name: string, expected: string, received: unknown): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument'
  const message = `The "${name}" ${kind} must be ${expected}. Received ${describe(received)}`
  return coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE')
}

/** `range`: what the value must be, as `an integer >= 1 && <= 127`. */
export function outOfRange(name: string, range: string, received: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${describeNumber(received)}`
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE')
}

/** The unit in a range, with a hint for whoever wrote seconds. */
export function milliseconds(received: number, least: number): string {
  const areSeconds = received >= 1 && received < least
  return areSeconds ? `milliseconds (for ${received} seconds write ${received * 1000})` : 'milliseconds'
}

/** Gives an error its code the way Node does: as a property, and in the first line of its stack. */
export function coded<E extends Error>(error: E, code: string): E & { code: string } {
  showCode(error, code)
  return Object.assign(error, { code })
}

function showCode(error: Error, code: string): void {
  // A program may have put something else than text there (Error.prepareStackTrace).
  if (typeof error.stack === 'string')
    error.stack = error.stack.replace(error.name, `${error.name} [${code}]`)
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') {
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of no class'
  }
  return `type ${typeof value} (${show(value)})`
}

/** What is no object, as `util.inspect()` shows it; but node:util takes time to load. */
function show(value: unknown): string {
  if (typeof value === 'string')
    return `'${JSON.stringify(value)
      .slice(1, -1)
      .replaceAll(String.raw`\"`, '"')}'`
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

function describeNumber(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function' ? describe(value) : show(value)
}
