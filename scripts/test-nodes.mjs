/** `npm run test:nodes`, after `npm test`: the driver matrix on other versions of Node, which it fetches once. */
import { countAva, Suite } from './suite.mjs'

process.env.DRIVER_MATRIX_NODES = 'others'
const suite = new Suite()
const files = ['__test__/drivers/matrix.test.ts']
await suite.run(
  'The driver matrix on other versions of Node',
  'npm',
  ['exec', '--no', '--', 'ava', ...files],
  countAva,
)
suite.close()
