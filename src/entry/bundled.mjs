/**
 * The door for bundlers, and whoever else does not set Node's condition `node-addons`. It imports the CommonJS door, which every
 * bundler follows to the rest; a bundle of a program that imports and requires has one state.
 */
import * as all from './index.cjs'
// oxlint-disable-next-line import/no-unassigned-import -- Node imports it, so nft has to find it; bundlers drop it, as it does nothing
import './index.mjs'

export default all
// Each by its name: not every bundler finds the names in a CommonJS file.
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
