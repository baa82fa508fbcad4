/** The program that callgrind watches: one way to make a set, named by its parameter; what is not counted comes first. */
import type { Socket } from 'node:net'
import { connected, descriptorOf, startPeers } from '../connections.ts'
import { c } from '../reference.ts'
import { byBinding, byC, byKoffi, byNode, byPackage } from '../sets.ts'
import { type Call, turns } from '../turns.ts'

const WAYS: Readonly<Record<string, (socket: Socket) => Call>> = {
  package: byPackage,
  binding: (socket) => byBinding(descriptorOf(socket)),
  c: (socket) => byC(descriptorOf(socket)),
  node: byNode,
  koffi: byKoffi,
}

const [name = '', calls = ''] = process.argv.slice(2)
const way = WAYS[name]
if (!way) throw new Error(`There is no way "${name}"`)

/** Calls after which the compilers of V8 have done what they will do. */
const WARM_UP = 200_000

const peers = await startPeers()
const socket = await connected(peers)
const { run } = turns(way(socket), Number(calls))
for (let made = 0; made < WARM_UP; made += Number(calls)) run()
globalThis.gc?.() // so that no collection falls among the calls that are counted
c.count(run)
socket.destroy()
await peers.stop()
