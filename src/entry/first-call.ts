/** Loads the implementation at the first call, so that importing the package loads one small file. */
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type * as implementation from './implementation.ts'

let read: () => typeof implementation
let loaded: typeof implementation | undefined

/** Each entry point says how it loads the implementation: an ES module and a CommonJS file do it differently. */
export function readWith(reader: typeof read): void {
  read = reader
}

export function all(): typeof implementation {
  return (loaded ??= load())
}

function load(): typeof implementation {
  try {
    const implementation = read()
    implementation.endWaiting()
    return implementation
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    const message = `The code of tcp-keepalive could not be loaded: ${why}; in a bundle, keep tcp-keepalive external and install it beside the bundle`
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_NOT_LOADED', message, { cause })
  }
}
