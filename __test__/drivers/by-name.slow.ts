/** by-name.test.ts on the other lines of Node. */
import { nodeOf, versions } from '../../lab/nodes.ts'
import { testByName } from './by-name-tests.ts'

await testByName(
  await Promise.all(versions.map(async (version) => ({ version, program: await nodeOf(version) }))),
)
