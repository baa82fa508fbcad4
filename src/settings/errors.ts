/** Errors of Node's kind: `TypeError [ERR_INVALID_ARG_TYPE]` and `RangeError [ERR_OUT_OF_RANGE]`. */

/**
 * Whether a value is an error of any realm. Test runners load this package in a vm context, where `Error` is another class than that of
 * Node's own errors.
 */
export function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === '[object Error]'
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

/** The unit in a range, with a hint if the value looks like seconds. */
export function milliseconds(received: number, least: number): string {
  const areSeconds = received >= 1 && received < least
  return areSeconds ? `milliseconds (for ${received} seconds write ${received * 1000})` : 'milliseconds'
}

/** Shows a code in the first line of an error's stack, as Node's own errors do. */
export function showCode(error: Error, code: string): void {
  // The stack may not be a string, if the program set Error.prepareStackTrace.
  if (typeof error.stack === 'string')
    error.stack = error.stack.replace(error.name, `${error.name} [${code}]`)
}

/** Gives an error its code the way Node does: as a property, and in the first line of its stack. */
export function coded<E extends Error>(error: E, code: string): E & { code: string } {
  showCode(error, code)
  return Object.assign(error, { code })
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

/** Shows a primitive value as `util.inspect()` does. node:util is not used, because it takes time to load. */
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
