/** The door: everything that `import 'tcp-keepalive'` gives. */
import { followOwnCalls } from './hold/own-call.ts'

export type { KeepAliveApplied, KeepAliveLost } from './hold/channels.ts'
export { holdKeepAlive, type KeepAliveHold } from './hold/hold.ts'
export { type InstallScope, installKeepAlive, type KeepAliveInstall } from './hold/install.ts'
export { outcomeOf, type Outcome } from './hold/outcome.ts'
export { type Endpoint, inspectSocket, inspectSockets, type SocketReport } from './inspect/report.ts'
export type { KeepAliveWarning, KeepAliveWarningCode } from './inspect/warnings.ts'
export { capabilities, type Capabilities, type Capability } from './settings/capabilities.ts'
export { TcpKeepAliveError, type TcpKeepAliveErrorCode } from './settings/errors.ts'
export type { KeepAlive } from './settings/keepalive.ts'
export type { Peer, PeerMatch, PeerPattern } from './settings/match.ts'
export type { KeepAliveDeadline, KeepAliveOptions, KeepAliveValues } from './settings/options.ts'
export { type Detection, type KeepAlivePlan, planKeepAlive } from './settings/plan.ts'
export type { TcpKeepAliveSystemError } from './socket/errors.ts'
export type { KeepAliveFailure } from './socket/failure.ts'
export { getKeepAlive, setKeepAlive } from './socket/keepalive.ts'
export { systemKeepAlive } from './socket/system.ts'
export type { Target } from './socket/target.ts'
export { getTcpInfo, type TcpInfo, type TcpState } from './socket/tcp-info.ts'

followOwnCalls()
