/** The driver matrix on the other versions of Node. */
import { nodeOf, versions } from '../../scripts/nodes.ts'
import { testMatrix } from './matrix-tests.ts'

await testMatrix(versions.map((version) => ({ version, program: nodeOf(version) })))
