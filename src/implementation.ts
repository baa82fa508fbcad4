/**
 * What the entry loads when it is first called: all that `tcp-keepalive` gives, and what `register`, the command line and
 * the published index.js ask for besides. A program cannot load it by name.
 */
export * from './api.ts'
export { warningsOf } from './inspect/warnings.ts'
export { addressText, endpointText } from './settings/address-text.ts'
export { formatDuration, inDurations, parseCount, parseDuration } from './settings/duration.ts'
export { readEnvironment } from './settings/environment.ts'
export { probesUntilGivenUp } from './settings/detection.ts'
export { resolveOptions } from './settings/options.ts'
export { tryOut } from './socket/try-out.ts'
export { noBinary, truncatedBinary } from './socket/no-binary.ts'
