/** The same as coverage.test.ts, on the newest version of each line of Node. */
import test from 'ava'
import { everyLine, nodeOf } from '../../lab/nodes.ts'
import { documented, measured, WAYS } from './coverage.ts'

for (const version of everyLine) {
  for (const way of WAYS) {
    test.serial(`Node ${version}, ${way.join(', ')}`, async (t) => {
      t.deepEqual(await measured(await nodeOf(version), way), documented(way, Number.parseInt(version)))
    })
  }
}
