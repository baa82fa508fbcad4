/** The destination of a `connect()`, as the program gave it. */

/** A host and a port. */
export interface Destination {
  readonly host: string
  readonly port: number
}

/**
 * Reads the destination of a `connect()` from its arguments, as lib/net.js does (normalizeArgs); `undefined` for a pipe.
 * net.connect() passes an array that it has already normalized.
 */
export function destination(args: readonly unknown[]): Destination | undefined {
  const given = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  const first = given[0]
  const second = given[1]
  if (typeof first !== 'object' || first === null) {
    if (typeof first === 'string' && !(Number(first) >= 0)) return undefined
    return { host: hostOf(second), port: Number(first) }
  }
  const { host, port, path } = first as { host?: unknown; port?: unknown; path?: unknown }
  return path ? undefined : { host: hostOf(host), port: Number(port) }
}

function hostOf(host: unknown): string {
  return typeof host === 'string' && host !== '' ? host : 'localhost'
}
