/** The search by endpoints, as Bun and Deno need it, among the descriptors of a process with 2,000 sockets. */
import type { Socket } from 'node:net'
import { connectMany, descriptorOf, end } from '../connections.ts'
import { native } from '../measured.ts'
import { paired } from '../paired.ts'
import { c } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 2000
const NO_HINT = -1
const CALLS = 100

const sockets = await connectMany(SOCKETS)

function endpointsOf({ localPort = 0, remotePort = 0 }: Socket): Int32Array {
  const loopback = [0, 0, 0xffff, 0x7f000001]
  return Int32Array.from([...loopback, localPort, ...loopback, remotePort])
}

// The newest has the highest number, and is found last.
const last = sockets.reduce((one, other) => (descriptorOf(one) > descriptorOf(other) ? one : other))
const fd = descriptorOf(last)
const endpoints = endpointsOf(last)
const { findDescriptor } = native
const search = (hint: number): void => {
  if (findDescriptor(endpoints, hint) !== fd) throw new Error('Another socket was found')
}
const inC = { calls: 1, run: () => c.scan(fd) }
const again = (): void => {
  for (let i = 0; i < CALLS; i++) search(fd)
}
await say('endpoints', () => paired(inC, { calls: 1, run: () => search(NO_HINT) }))
await say('endpoints-again', () => paired(inC, { calls: CALLS, run: again }, { rounds: 20 }))
await end(sockets)
