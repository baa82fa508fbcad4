/** The short form of `npm run reliability -- life-cycle`: only on this Node, and fewer of each. */
import test from 'ava'
import {
  cluster,
  copies,
  endings,
  passing,
  permission,
  realms,
  threads,
} from '../../reliability/life-cycle/checks.ts'

const node = process.execPath

test('threads that load the package and end in any way leave nothing behind, and holds of the main thread stay', async (t) => {
  t.is((await threads(node, 40, 4)).descriptors, 0)
})

test('objects of another vm context work or cause a typed error, and so does the package loaded there', async (t) => {
  t.is(await realms(node), 18)
})

test('a program that ends or throws within a call ends as without the package, and continues if it catches the error', async (t) => {
  t.is(await endings(node), 27)
})

test("every connection of a cluster's workers has its values, also if one is killed and replaced", async (t) => {
  t.is(await cluster(node, 2, 6), 24)
})

test('a connection passed to a child process keeps its values, is not held any more, and is not set again', async (t) => {
  t.is(await passing(node, 5), 5)
})

test('under the permission model it works with --allow-addons; without, it says what is forbidden', async (t) => {
  await t.notThrowsAsync(permission(node))
})

test('two versions of the package in one thread act as one: one coordinator, methods wrapped once, and the prototype restored', async (t) => {
  t.is(await copies(node), 18)
})
