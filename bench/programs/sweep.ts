/** The sweep over 10,000 sockets with a deadline, while all have data in flight, and while none has. */
import { looks } from '../../lab/taken-timers.ts'
import { connectMany, descriptorOf, end } from '../connections.ts'
import { paired } from '../paired.ts'
import { c } from '../reference.ts'
import { say } from '../say.ts'
import { setsockopt } from '../sets.ts'

const SOCKETS = 10_000
const EFFORT = { rounds: 40, samples: 12 }

const { ours } = await import('../measured.ts')
const sockets = await connectMany(SOCKETS)
const fds = Int32Array.from(sockets, descriptorOf)
const inC = { calls: SOCKETS, run: () => c.tcpInfoEach(fds) }

ours.setKeepAlive(sockets[0] as never, { time: 60_000, interval: 10_000, retries: 6, userTimeout: 30_000 })
await say('sweep-none', () => ({ timers: looks.length }))

for (const socket of sockets) ours.setKeepAlive(socket, { detectWithin: 3_600_000 })
const [sweep] = looks
if (sweep === undefined || looks.length > 1) throw new Error(`${looks.length} timers were started`)
const sweeping = { calls: SOCKETS, run: sweep }

sweep()
await say('sweep-idle', () => paired(inC, sweeping, EFFORT))

// The kernel drops all packets of the peers, so written data stays in flight (ip(7), IP_MINTTL).
for (const fd of fds) {
  if (setsockopt(fd, 0, 21, Int32Array.of(255), 4) !== 0) throw new Error('IP_MINTTL was refused')
}
for (const socket of sockets) socket.write('x')
await new Promise((resolve) => setTimeout(resolve, 1000))
await say('sweep-in-flight', () => paired(inC, sweeping, EFFORT))

await end(sockets)
