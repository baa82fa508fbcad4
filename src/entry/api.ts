/**
 * Everything that `import 'tcp-keepalive'` and `require('tcp-keepalive')` export. Durations are in milliseconds. Importing loads no
 * binary and throws nothing; the first call that needs the binary loads it.
 *
 * @module tcp-keepalive
 */

// In the order of the API reference.
export { setKeepAlive, getKeepAlive } from '../socket/keepalive.ts'
export type { KeepAliveDeadline, KeepAliveOptions, KeepAliveValues } from '../settings/options.ts'
export type { KeepAlive } from '../settings/keepalive.ts'
export type { Target } from '../socket/target.ts'
export { type KeepAlivePlan, planKeepAlive } from '../settings/plan.ts'
export type { Detection } from '../settings/detection.ts'
export type { Tolerance } from '../settings/tolerance.ts'
export { systemKeepAlive } from '../socket/system.ts'
export { capabilities, type Capabilities, type Capability } from '../settings/capabilities.ts'
export { holdKeepAlive } from '../hold/hold.ts'
export { type InstallScope, installKeepAlive } from '../hold/install.ts'
export type { Reach } from '../settings/reach.ts'
export type { KeepAliveHold, KeepAliveInstall } from '../hold/handles.ts'
export type { Peer, PeerMatch, PeerPattern } from '../settings/match.ts'
export type {
  KeepAliveApplied,
  KeepAliveLost,
  KeepAliveUnmatched,
  UnmatchedConnections,
} from '../hold/channels.ts'
export type { Doing, KeepAlivePeer } from '../hold/peer.ts'
export type { KeepAliveAdopted } from '../reach/announce.ts'
export type { KeepAliveFailure } from '../socket/failure.ts'
export { outcomeOf, type Outcome } from '../hold/outcome.ts'
export { probePeer, type ProbeOptions } from '../socket/probe.ts'
export { getTcpInfo, type TcpInfo, type TcpState } from '../socket/tcp-info.ts'
export { type Endpoint, inspectSocket, inspectSockets, type SocketReport } from '../inspect/report.ts'
export type { KeepAliveWarning, KeepAliveWarningCode } from '../inspect/warnings.ts'
export { TcpKeepAliveError, type TcpKeepAliveErrorCode } from '../settings/tcp-keepalive-error.ts'
export type { TcpKeepAliveSystemError } from '../socket/errors.ts'
