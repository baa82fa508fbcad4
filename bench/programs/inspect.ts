/** Everything that is reported of 10,000 sockets, with the search for them among the descriptors. */
import { connectMany, end, lastDescriptor } from '../connections.ts'
import { ours } from '../measured.ts'
import { paired } from '../paired.ts'
import { c } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 10_000

const sockets = await connectMany(SOCKETS)
for (const [index, socket] of sockets.entries()) {
  if (index % 3 === 1) socket.setKeepAlive(true, 60_000)
  if (index % 3 === 2) ours.holdKeepAlive(socket, { detectWithin: 30_000 })
}

const last = lastDescriptor()

function expectAll(found: number): void {
  if (found < SOCKETS) throw new Error(`${found} sockets were found`)
}

await say('inspect-sockets', () =>
  paired(
    { calls: SOCKETS, run: () => expectAll(c.inspectEach(last)) },
    { calls: SOCKETS, run: () => expectAll(ours.inspectSockets().length) },
    { rounds: 20, samples: 4 },
  ),
)
await end(sockets)
