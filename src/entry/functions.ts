/** The exports of the entry points: small values, and functions that load the rest when they are called. */
import { all, core, settings } from './first-call.ts'
import type * as implementation from './implementation.ts'

// Kept in the entry: it runs in error handlers, where loading another file might fail.
export { outcomeOf } from '../hold/outcome.ts'
export { capabilities } from '../settings/capabilities.ts'
export { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'

export const setKeepAlive: typeof implementation.setKeepAlive = (target, options) =>
  core().setKeepAlive(target, options)
export const getKeepAlive: typeof implementation.getKeepAlive = (target) => core().getKeepAlive(target)
export const planKeepAlive: typeof implementation.planKeepAlive = (options, ...base) =>
  settings().planKeepAlive(options, ...base)
export const systemKeepAlive: typeof implementation.systemKeepAlive = () => all().systemKeepAlive()
export const holdKeepAlive: typeof implementation.holdKeepAlive = (target, options) =>
  all().holdKeepAlive(target, options)
export const installKeepAlive: typeof implementation.installKeepAlive = (options, ...scope) =>
  all().installKeepAlive(options, ...scope)
export const probePeer: typeof implementation.probePeer = (target, options) =>
  all().probePeer(target, options)
export const getTcpInfo: typeof implementation.getTcpInfo = (target) => all().getTcpInfo(target)
export const inspectSocket: typeof implementation.inspectSocket = (target) => all().inspectSocket(target)
export const inspectSockets: typeof implementation.inspectSockets = () => all().inspectSockets()
