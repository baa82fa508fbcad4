/**
 * The door for bundlers, which ask for it by the condition `module`: whichever way a program loads the package, they put one door
 * into it, and can follow it to the implementation.
 */
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
  setKeepAlive,
  systemKeepAlive,
  TcpKeepAliveError,
} from './index.ts'
