/**
 * What the doors load when they are first used: all that `tcp-keepalive` gives, and what `register`, the command line and
 * the published index.js ask for besides. It is no door itself: a program cannot load it by name.
 */

export * from './api.ts'
export { warningsOf } from './inspect/warnings.ts'
export { addressText, endpointText } from './settings/address-text.ts'
export { formatDuration, parseDuration } from './settings/duration.ts'
export { readEnvironment } from './settings/environment.ts'
export { probesUntilGivenUp } from './settings/plan.ts'
export { noBinary } from './socket/no-binary.ts'
