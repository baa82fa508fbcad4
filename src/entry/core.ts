/**
 * What a plain set needs, and a read: the doors load this at the first such call, and the rest, which is more than twice as much to
 * parse, at the first call that needs it. index.js asks for what it says of a binary.
 */
import { loadDeadlinesWith } from '../socket/deadlines.ts'

loadDeadlinesWith((): unknown => require('./implementation.cjs'))

export { getKeepAlive, setKeepAlive } from '../socket/keepalive.ts'
export { checkBinary, noBinary } from '../socket/no-binary.ts'
