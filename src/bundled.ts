/**
 * The entry for bundlers, which tell themselves by the conditions `module`, `production` or `development`: whichever way a
 * program loads the package, they find the entry in CommonJS, and can follow that to the implementation.
 *
 * Each by its name, as the names in a CommonJS file are not known to all of them.
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
