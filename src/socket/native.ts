/** The binding, loaded when it is first needed, so that importing this package never fails. */
import type * as binding from 'tcp-keepalive/native'
import { noBinary, truncatedBinary } from './no-binary.ts'

let loaded: typeof binding | undefined

export function native(): typeof binding {
  loaded ??= load()
  return loaded
}

function load(): typeof binding {
  const truncated = truncatedBinary()
  if (truncated) throw truncated
  try {
    // By its own name, which the package's `exports` resolve wherever this code ends up, also in a bundle.
    const found = require('tcp-keepalive/native') as typeof binding & { load?(): typeof binding }
    return found.load?.() ?? found // there where it could not be loaded so far
  } catch (error) {
    throw noBinary(error)
  }
}
