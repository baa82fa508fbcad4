/** The program that callgrind watches: makes a set in the way that its parameter names, first without counting. */
import type { Socket } from 'node:net'
import { connected, descriptorOf } from '../connections.ts'
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

/** Calls until V8 compiles no more. */
const WARM_UP = 200_000

const socket = await connected()
const { run } = turns(way(socket), Number(calls))
for (let made = 0; made < WARM_UP; made += Number(calls)) run()
globalThis.gc?.() // so that no collection runs during the counted calls
c.count(run)
socket.destroy()
