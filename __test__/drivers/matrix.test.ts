/**
 * With an install, every socket of every client library carries the values asked for, whatever the library does by
 * itself; read by another process. Slower, `npm run test:nodes`: on the other versions of Node.
 */
import { nodeOf, versions } from '../../scripts/nodes.ts'
import { testMatrix } from './matrix-tests.ts'

const others = process.env['DRIVER_MATRIX_NODES'] === 'others'
await testMatrix(others ? versions.map((version) => ({ version, program: nodeOf(version) })) : undefined)
