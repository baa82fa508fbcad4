/** Reads the implementation at the first call, so that importing the package reads one small file. */
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type * as implementation from './implementation.ts'

let read: () => typeof implementation
let loaded: typeof implementation | undefined

/** How a door reads it: an ES module and a CommonJS file each have their own way. */
export function readWith(reader: typeof read): void {
  read = reader
}

export function all(): typeof implementation {
  return (loaded ??= load())
}

function load(): typeof implementation {
  try {
    return read()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    const message = `The rest of tcp-keepalive cannot be read: ${why}; keep tcp-keepalive out of a bundle, and installed`
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_NOT_LOADED', message, { cause })
  }
}
