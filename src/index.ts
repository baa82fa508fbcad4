/**
 * The entry of the package, which `import 'tcp-keepalive'` and `require('tcp-keepalive')` load: small, as it is read at
 * every start, and the rest comes with the first call. Importing loads no binary and throws nothing.
 *
 * What there is and what it does is said in api.ts, where the published types come from.
 */
import type * as implementation from './implementation.ts'
import { readImplementation } from './read-implementation.ts'
import { TcpKeepAliveError } from './settings/tcp-keepalive-error.ts'

export { outcomeOf } from './hold/outcome.ts' // called where something is wrong already, when nothing more may be to be had
export { capabilities } from './settings/capabilities.ts'
export { TcpKeepAliveError }

export const setKeepAlive: typeof implementation.setKeepAlive = (target, options) =>
  all().setKeepAlive(target, options)
export const getKeepAlive: typeof implementation.getKeepAlive = (target) => all().getKeepAlive(target)
export const planKeepAlive: typeof implementation.planKeepAlive = (options, ...base) =>
  all().planKeepAlive(options, ...base)
export const systemKeepAlive: typeof implementation.systemKeepAlive = () => all().systemKeepAlive()
export const holdKeepAlive: typeof implementation.holdKeepAlive = (target, options) =>
  all().holdKeepAlive(target, options)
export const installKeepAlive: typeof implementation.installKeepAlive = (options, ...scope) =>
  all().installKeepAlive(options, ...scope)
export const getTcpInfo: typeof implementation.getTcpInfo = (target) => all().getTcpInfo(target)
export const inspectSocket: typeof implementation.inspectSocket = (target) => all().inspectSocket(target)
export const inspectSockets: typeof implementation.inspectSockets = () => all().inspectSockets()

let loaded: typeof implementation | undefined

function all(): typeof implementation {
  return (loaded ??= load())
}

function load(): typeof implementation {
  try {
    return readImplementation()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    const message = `The rest of tcp-keepalive, which comes with the first call, cannot be read: ${why}`
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_NOT_LOADED', message, { cause })
  }
}
