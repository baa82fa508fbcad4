/**
 * With TCP_KEEPALIVE_MATCH=<name> and no code, every socket of every client library to that name has the values. Other lines of
 * Node: by-name.slow.ts.
 */
import { testByName } from './by-name-tests.ts'
import { thisNode } from './matrix-tests.ts'

await testByName([thisNode])
