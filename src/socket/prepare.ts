/** Loads what must be loaded before any code of this package runs in an event. */
import { needDeadlines } from './deadlines.ts'
import { native } from './native.ts'
import { findRecord } from './node-internals.ts'
import { nodeDiagnostics, nodeOs, nodeUtil } from './node-modules.ts'

let isPrepared = false

/**
 * Loads everything that an event, a wrapped call or the report of a failure may need. Each hold, each install and each set
 * that waits for 'connect' calls this first. Nothing may be loaded later, because a test runner removes `require` when a test
 * file ends, while its sockets may still be open.
 *
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NO_BINARY if no binary can be loaded
 */
export function prepareForEvents(): void {
  if (isPrepared) return
  native()
  needDeadlines()
  nodeDiagnostics()
  nodeOs()
  nodeUtil()
  findRecord()
  isPrepared = true
}
