/** The binding, loaded when it is first needed, so that importing this package never fails. */
import type * as binding from 'tcp-keepalive/native'
import { noBinary } from './no-binary.ts'

let loaded: typeof binding | undefined

export function native(): typeof binding {
  loaded ??= load()
  return loaded
}

/** By its own name, which the package's `exports` resolve wherever this code ends up. Not within `try`, where Rollup leaves
 * `require` as it is: an ES module has none. */
const loader = (): typeof binding & { load?(): typeof binding } =>
  require('tcp-keepalive/native') as ReturnType<typeof loader>

function load(): typeof binding {
  let found
  try {
    found = loader()
  } catch (error) {
    throw noBinary(error)
  }
  return found.load?.() ?? found // where it could not be loaded so far
}
