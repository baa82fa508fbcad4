/** The program that callgrind watches: makes the call that its parameter names, first without counting. */
import type { Socket } from 'node:net'
import { connected, descriptorOf } from '../connections.ts'
import { native, ours } from '../measured.ts'
import { c } from '../reference.ts'
import { byBinding, byC, byKoffi, byNode, byPackage } from '../sets.ts'
import { type Call, turns } from '../turns.ts'

const WAYS: Readonly<Record<string, (socket: Socket) => Call>> = {
  package: byPackage,
  binding: (socket) => byBinding(descriptorOf(socket)),
  c: (socket) => byC(descriptorOf(socket)),
  node: byNode,
  koffi: byKoffi,
  'tcp-info': (socket) => () => ours.getTcpInfo(socket),
  'tcp-info-binding': (socket) => infoByBinding(descriptorOf(socket)),
}

function infoByBinding(fd: number): Call {
  const { getTcpInfo } = native
  const values = new Int32Array(10)
  return () => getTcpInfo(fd, values)
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
