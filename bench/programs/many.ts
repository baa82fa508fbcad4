/** Sets on N sockets, one after the other. Data that is not in the caches is missing for C, too. */
import { connectMany, descriptorOf, end } from '../connections.ts'
import { ours } from '../measured.ts'
import { paired } from '../paired.ts'
import { c, NONE } from '../reference.ts'
import { say } from '../say.ts'

const MOST = 18_000
const sockets = await connectMany(MOST)
for (const socket of sockets) ours.setKeepAlive(socket, { enabled: true })

for (const count of [10, 100, 1000, 10_000, MOST]) {
  const some = sockets.slice(0, count)
  const fds = Int32Array.from(some, descriptorOf)
  // A few sockets are set several times, so that no round is too short to be measured.
  const times = Math.max(1, Math.round(100 / count))
  const reference = (): void => {
    for (let i = 0; i < times; i++) c.setEach(fds, NONE)
  }
  const measured = (): void => {
    for (let i = 0; i < times; i++) {
      for (const socket of some) ours.setKeepAlive(socket, { time: 60_000, interval: 10_000, retries: 6 })
    }
  }
  const effort = count > 1000 ? { rounds: 12, samples: 4 } : { rounds: 30, samples: 12 }
  await say(`many-${count}`, () =>
    paired({ calls: times * count, run: reference }, { calls: times * count, run: measured }, effort),
  )
}
await end(sockets)
