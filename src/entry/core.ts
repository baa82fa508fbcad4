/**
 * `setKeepAlive` and `getKeepAlive`. The entry points load this file at the first such call, and implementation.ts, which takes more
 * than twice as long to parse, at the first call that needs it. index.js calls `checkBinary` before it loads a binary.
 */
import { loadRestWith } from '../socket/rest.ts'

loadRestWith((): unknown => require('./implementation.cjs'))

export { getKeepAlive, setKeepAlive } from '../socket/keepalive.ts'
export { checkBinary } from '../socket/check-binary.ts'
