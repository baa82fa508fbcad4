/** The binding, loaded when it is first needed, so that importing this package never fails. */
import type * as binding from 'tcp-keepalive/native'

let loaded: typeof binding | undefined

export function native(): typeof binding {
  // By its own name, which the package's `exports` resolve wherever this code ends up, also in a bundle.
  loaded ??= require('tcp-keepalive/native') as typeof binding
  return loaded
}
