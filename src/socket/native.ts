/** The binding, loaded when it is first needed, so that importing this package never fails. */
import type * as binding from 'tcp-keepalive/native'
import { explained } from './rest.ts'

let loaded: typeof binding | undefined

/**
 * An object in front of the binding: V8 keeps the binding, which has many functions, as a table, and looks each one up there (80
 * instructions a call, `npm run bench -- instructions`), but finds what is in a prototype as quickly as a constant.
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
