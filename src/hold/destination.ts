/** Where a `connect()` goes, as the program has asked for it. */

/** A host and a port. */
export interface Destination {
  readonly host: string
  readonly port: number
}

/**
 * Where a `connect()` goes, from its arguments as lib/net.js reads them (normalizeArgs); `undefined` for a pipe.
 * net.connect() hands over an array that it has normalized before.
 */
export function destination(args: readonly unknown[]): Destination | undefined {
  const given = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  const [first, second] = [given[0], given[1]]
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
