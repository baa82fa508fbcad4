import https from 'node:https'
import { clientOf } from './http.mjs'

export default {
  ...clientOf(https, { rejectUnauthorized: false }),
  package: 'node:https',
  tls: 'only',
  underTlsUpTo22: { overwrites: 'always' },
}
