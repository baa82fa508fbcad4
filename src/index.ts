/**
 * What `import 'tcp-keepalive'` and `require('tcp-keepalive')` load: small, as it is read at every start, and the rest
 * comes with the first call. Importing loads no binary and throws nothing.
 *
 * What there is and what it does is said in api.ts, where the published types come from.
 */
import type * as implementation from './implementation.ts'

export { capabilities } from './settings/capabilities.ts'
export { TcpKeepAliveError } from './settings/tcp-keepalive-error.ts'

export const setKeepAlive: typeof implementation.setKeepAlive = (target, options) =>
  all().setKeepAlive(target, options)
export const getKeepAlive: typeof implementation.getKeepAlive = (target) => all().getKeepAlive(target)
export const planKeepAlive: typeof implementation.planKeepAlive = (...given) => all().planKeepAlive(...given)
export const systemKeepAlive: typeof implementation.systemKeepAlive = () => all().systemKeepAlive()
export const holdKeepAlive: typeof implementation.holdKeepAlive = (target, options) =>
  all().holdKeepAlive(target, options)
export const installKeepAlive: typeof implementation.installKeepAlive = (...given) =>
  all().installKeepAlive(...given)
export const outcomeOf: typeof implementation.outcomeOf = (error) => all().outcomeOf(error)
export const getTcpInfo: typeof implementation.getTcpInfo = (target) => all().getTcpInfo(target)
export const inspectSocket: typeof implementation.inspectSocket = (target) => all().inspectSocket(target)
export const inspectSockets: typeof implementation.inspectSockets = () => all().inspectSockets()

let loaded: typeof implementation | undefined

function all(): typeof implementation {
  return (loaded ??= require('./implementation.cjs') as typeof implementation)
}
