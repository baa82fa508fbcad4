/** The first set on sockets that have just connected, and Node's record of it. */
import type { Socket } from 'node:net'
import { connectMany, descriptorOf, end } from '../connections.ts'
import { ours } from '../measured.ts'
import { compared, type Seen, timed } from '../paired.ts'
import { c, NONE } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 160
const ROUNDS = 100
const WARM_UP = 10

/**
 * C, the package, and C again on a quarter of the sockets each, in changing order. The first quarter is not counted, because
 * connecting has displaced all of their code from the caches.
 */
async function round(number: number, userTimeout: number): Promise<Seen> {
  const sockets = await connectMany(SOCKETS)
  const [first = [], ...quarters] = [0, 1, 2, 3].map((part) =>
    sockets.slice((part * SOCKETS) / 4, ((part + 1) * SOCKETS) / 4),
  )
  inC(first.slice(0, 20), userTimeout)
  byPackage(first.slice(20), userTimeout)
  const times = [0, 0, 0]
  for (const place of number % 2 === 0 ? [0, 1, 2] : [2, 1, 0]) {
    times[place] = (place === 1 ? byPackage : inC)(quarters[place] ?? [], userTimeout)
  }
  await end(sockets)
  const [reference = 0, measured = 0, again = 0] = times
  return { reference, measured, again }
}

function inC(sockets: readonly Socket[], userTimeout: number): number {
  const fds = Int32Array.from(sockets, descriptorOf)
  return timed(() => c.setEach(fds, userTimeout)) / fds.length
}

function byPackage(sockets: readonly Socket[], userTimeout: number): number {
  const values = { time: 60_000, interval: 10_000, retries: 6 }
  const options = userTimeout === NONE ? { ...values, userTimeout: undefined } : { ...values, userTimeout }
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
    const seen: Seen[] = []
    for (let number = -WARM_UP; number < ROUNDS; number++) seen.push(await round(number, userTimeout))
    return compared(seen.slice(WARM_UP))
  })
}
