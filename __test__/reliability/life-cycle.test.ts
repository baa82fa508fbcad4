/** The short form of `npm run reliability -- life-cycle`: on this Node alone, and fewer of each. */
import test from 'ava'
import { copies } from '../../reliability/life-cycle/copies.ts'
import { endings } from '../../reliability/life-cycle/endings.ts'
import { permission } from '../../reliability/life-cycle/permission.ts'
import { cluster, passing, realms } from '../../reliability/life-cycle/processes.ts'
import { threads } from '../../reliability/life-cycle/threads.ts'

const node = process.execPath

test('threads that load the package and end in any way leave nothing behind, and the main thread holds on', async (t) => {
  t.is((await threads(node, 40, 4)).descriptors, 0)
})

test('what was made in another vm context works or is a typed error, and so does the package loaded there', async (t) => {
  t.is(await realms(node), 18)
})

test('a program that ends or throws within a call ends as without it, and goes on where it catches that', async (t) => {
  t.is(await endings(node), 27)
})

test("every connection of a cluster's workers has its values, also where one is killed and replaced", async (t) => {
  t.is(await cluster(node, 2, 6), 24)
})

test('a connection handed to a child keeps its values, is held no longer, and is set by nobody again', async (t) => {
  t.is(await passing(node, 5), 5)
})

test('under the permission model it works with --allow-addons, and says without what is forbidden', async (t) => {
  await t.notThrowsAsync(permission(node))
})

test('two versions of the package in one thread hold as one, wrap once and give the prototype back', async (t) => {
  t.is(await copies(node), 18)
})
