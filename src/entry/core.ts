/**
 * `setKeepAlive` and `getKeepAlive`. The entry points load this file at the first such call, and implementation.ts, which takes more
 * than twice as long to parse, at the first call that needs it. index.js gets from here what it says about a binary.
 */
import { loadDeadlinesWith } from '../socket/deadlines.ts'

loadDeadlinesWith((): unknown => require('./implementation.cjs'))

export { getKeepAlive, setKeepAlive } from '../socket/keepalive.ts'
export { checkBinary, noBinary } from '../socket/no-binary.ts'
