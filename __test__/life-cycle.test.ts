/** The short form of `npm run reliability -- life-cycle`: on this Node, and fewer of each. */
import test from 'ava'
import { copies } from '../scripts/reliability/life-cycle/copies.ts'

const node = process.execPath

test('two versions of the package in one thread hold as one, wrap once and give the prototype back', async (t) => {
  t.is(await copies(node), 18)
})
