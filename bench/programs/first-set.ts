/** The first set on sockets that have just been connected, and the record that Node keeps of it. */
import type { Socket } from 'node:net'
import { connectMany, descriptorOf, end, startPeers } from '../connections.ts'
import { ours } from '../measured.ts'
import { compared, timed } from '../paired.ts'
import { c, NONE } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 160
const ROUNDS = 100
const WARM_UP = 10

const peers = await startPeers()

interface Times {
  reference: number
  measured: number
  again: number
}

/**
 * A quarter of the sockets each: C, the package, and C again, in an order that changes. Before them a quarter that
 * does not count, since connecting has driven the code of all of them out of the caches.
 */
async function round(number: number, userTimeout: number): Promise<Times> {
  const sockets = await connectMany(peers, SOCKETS)
  const quarter = (part: number): Socket[] => sockets.slice((part * SOCKETS) / 4, ((part + 1) * SOCKETS) / 4)
  const times: Times = { reference: 0, measured: 0, again: 0 }
  const steps = [
    () => (times.reference = inC(quarter(1), userTimeout)),
    () => (times.measured = byPackage(quarter(2), userTimeout)),
    () => (times.again = inC(quarter(3), userTimeout)),
  ]
  inC(quarter(0).slice(0, 20), userTimeout)
  byPackage(quarter(0).slice(20), userTimeout)
  for (const step of number % 2 === 0 ? steps : steps.toReversed()) step()
  await end(sockets)
  return times
}

function inC(sockets: readonly Socket[], userTimeout: number): number {
  const fds = Int32Array.from(sockets, descriptorOf)
  return timed(() => c.setEach(fds, userTimeout)) / fds.length
}

function byPackage(sockets: readonly Socket[], userTimeout: number): number {
  const options = {
    time: 60_000,
    interval: 10_000,
    retries: 6,
    userTimeout: userTimeout === NONE ? undefined : userTimeout,
  }
  const set = (): void => {
    for (const socket of sockets) ours.setKeepAlive(socket, options)
  }
  return timed(set) / sockets.length
}

for (const [name, userTimeout] of [
  ['first-set', NONE],
  ['first-set-user-timeout', 30_000],
] as const) {
  await say(name, async () => {
    const seen: Times[] = []
    for (let number = -WARM_UP; number < ROUNDS; number++) {
      const times = await round(number, userTimeout)
      if (number >= 0) seen.push(times)
    }
    return compared(seen)
  })
}
await peers.stop()
