/**
 * The entry points load this file at the first call that needs more than core.ts. It has everything that `tcp-keepalive` exports, and
 * what `drill`, `register`, the command line and index.js need besides. ES modules and CommonJS files share it and its state. A
 * program cannot load it by name.
 */
// oxlint-disable-next-line import/no-unassigned-import -- tsdown.config.ts: what the two share goes into that file
import './core.ts'
import { deadlines, whileWatching } from '../deadline/deadline.ts'
import { closes } from '../hold/coordinator.ts'
import { provideReach } from '../hold/install-in-process.ts'
import { beginReaching } from '../reach/looks.ts'
import { provideDeadlines } from '../socket/deadlines.ts'
import { insteadOf } from '../socket/nearly-a-socket.ts'
import { brokenBinary, noBinary } from '../socket/no-binary.ts'
import { provideExplanations } from '../socket/rest.ts'

// Each module comes before the one that uses it.
provideDeadlines(deadlines)
whileWatching(closes)
provideReach(beginReaching)
provideExplanations({ noBinary, brokenBinary, insteadOf })

export * from './api.ts'
export { logTo } from './log.ts'
export { beginLate } from '../hold/connecting.ts'
export { endWaiting } from './first-connection.ts'
export { cutOff } from './drill.ts'
export { warningsOf } from '../inspect/warnings.ts'
export { addressText, endpointText } from '../settings/address-text.ts'
export { formatDuration, inDurations, parseCount, parseDuration } from '../settings/duration.ts'
export { readEnvironment } from '../settings/environment.ts'
export { registrationFrom } from '../settings/registration.ts'
export { probesUntilGivenUp } from '../settings/detection.ts'
export { resolveOptions } from '../settings/options.ts'
export { noBinary } from '../socket/no-binary.ts'
export { tryOut } from '../socket/try-out.ts'
