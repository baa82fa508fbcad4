/**
 * The entry point for bundlers, and for all others that do not set Node's condition `node-addons`. It imports the CommonJS entry point,
 * and every bundler follows that to the rest. So a bundle of a program that both imports and requires this package has one state.
 */
import * as all from './index.cjs'
// oxlint-disable-next-line import/no-unassigned-import -- Node imports it, so nft has to find it; bundlers drop it, as it does nothing
import './index.mjs'

export default all
// Each name is written out, because not every bundler finds the names in a CommonJS file.
export {
  capabilities,
  getKeepAlive,
  getTcpInfo,
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  outcomeOf,
  planKeepAlive,
  probePeer,
  setKeepAlive,
  systemKeepAlive,
  TcpKeepAliveError,
} from './index.cjs'
