/** The binding, loaded when it is first needed, so that importing this package never fails. */
import type * as binding from 'tcp-keepalive/native'
import { explained } from './rest.ts'

let loaded: typeof binding | undefined

/**
 * Returns an object whose prototype is the binding. V8 stores an object with so many functions as a hash table, where each lookup takes
 * 80 instructions (`npm run bench -- instructions`). A property of a prototype is found as fast as a constant.
 */
export function native(): typeof binding {
  loaded ??= Object.create(load()) as typeof binding
  return loaded
}

/**
 * The path is relative to dist/. The package's name would not work, because Parcel does not find it. The `require` is not inside
 * `try`, because Rollup leaves such a call unchanged, and an ES module has no `require`.
 */
function loader(): typeof binding & { load?(): typeof binding } {
  return require('../index.js') as ReturnType<typeof loader>
}

function load(): typeof binding {
  let found
  try {
    found = loader()
  } catch (error) {
    throw explained()?.noBinary(error) ?? error
  }
  return found.load?.() ?? found // `load` is there only if an earlier attempt failed
}
