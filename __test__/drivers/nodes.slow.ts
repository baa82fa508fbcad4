/** The driver matrix on the other lines of Node. */
import { nodeOf, versions } from '../../lab/nodes.ts'
import { testMatrix } from './matrix-tests.ts'

await testMatrix(
  await Promise.all(versions.map(async (version) => ({ version, program: await nodeOf(version) }))),
)
