/** Shows a code in the first line of an error's stack, as Node's own errors do. */
export function showCode(error: Error, code: string): void {
  // A program may have put something else than text there (Error.prepareStackTrace).
  if (typeof error.stack === 'string')
    error.stack = error.stack.replace(error.name, `${error.name} [${code}]`)
}
