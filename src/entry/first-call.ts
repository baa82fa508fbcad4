/** Loads the code at the first call, so that importing the package loads one small file. There are three files; each call loads the one it needs. */
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type * as coreFile from './core.ts'
import type * as implementation from './implementation.ts'
import type * as settingsFile from '../settings/registration.ts'

interface Readers {
  core(): typeof coreFile
  settings(): typeof settingsFile
  all(): typeof implementation
}

let read: Readers
let loadedCore: typeof coreFile | undefined
let loadedSettings: typeof settingsFile | undefined
let loaded: typeof implementation | undefined

/** Each entry point says how it loads the files: an ES module and a CommonJS file do it differently. */
export function readWith(readers: Readers): void {
  read = readers
}

/** The functions that set and read. implementation.ts has them too. */
export function core(): Pick<typeof coreFile, 'getKeepAlive' | 'setKeepAlive'> {
  return loaded ?? (loadedCore ??= orSay(read.core))
}

/** The functions that only compute. implementation.ts has them too. */
export function settings(): Pick<typeof settingsFile, 'planKeepAlive'> {
  return loaded ?? (loadedSettings ??= orSay(read.settings))
}

export function all(): typeof implementation {
  return (loaded ??= loadAll())
}

function loadAll(): typeof implementation {
  const implementation = orSay(read.all)
  implementation.endWaiting()
  return implementation
}

function orSay<T>(load: () => T): T {
  try {
    return load()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    const message = `The code of tcp-keepalive could not be loaded: ${why}; in a bundle, keep tcp-keepalive external and install it beside the bundle`
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_NOT_LOADED', message, { cause })
  }
}
