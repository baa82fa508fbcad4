/** What must be loaded before anything of this package runs in an event. */
import { needDeadlines } from './deadlines.ts'
import { native } from './native.ts'
import { findRecord } from './node-internals.ts'
import { nodeDiagnostics, nodeOs, nodeUtil } from './node-modules.ts'

let isPrepared = false

/**
 * Loads everything that an event, a wrapped call or the report of a failure may need. Each hold, each install and each set
 * that waits for 'connect' calls this first. Nothing may be loaded later: a test runner takes `require` away when a test file
 * ends, while the sockets live on.
 *
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NO_BINARY where no binary can be loaded
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
