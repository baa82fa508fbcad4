/** The kernel's tables are read once for all processes. A connection may be made after that. */
import { readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connectedPair } from '../../lab/readback/readback.ts'
import { Tables } from '../../src/cli/network-tables.ts'
import { handleDescriptor } from '../../src/socket/node-internals.ts'
import { unless } from '../needs.ts'

const test = unless(process.platform === 'linux' ? undefined : 'ps is for Linux.')

function inodeOf(socket: Socket): number {
  const [, inode] = /\[(\d+)\]/.exec(readlinkSync(`/proc/self/fd/${handleDescriptor(socket)}`)) ?? []
  return Number(inode)
}

test('a connection that is newer than the tables is reported, and one that has ended since is not', async (t) => {
  const tables = new Tables()
  const { client: first, close } = await connectedPair()
  t.teardown(close)
  const inode = inodeOf(first)
  t.truthy(tables.timersOf(process.pid)(inode))
  t.truthy(tables.entriesOf(process.pid)(inode))
  const { client: second, close: closeSecond } = await connectedPair()
  t.teardown(closeSecond)
  t.truthy(tables.timersOf(process.pid)(inodeOf(second)))
  t.truthy(tables.entriesOf(process.pid)(inodeOf(second)))
  t.is(tables.timersOf(process.pid)(1), undefined)
  t.is(tables.entriesOf(process.pid)(1), undefined)
})
