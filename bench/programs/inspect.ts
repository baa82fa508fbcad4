/** All that is to be told of 10,000 sockets, which includes the search for them among the descriptors. */
import { readFileSync } from 'node:fs'
import { connectMany, end, startPeers } from '../connections.ts'
import { ours } from '../measured.ts'
import { paired } from '../paired.ts'
import { c } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 10_000

const peers = await startPeers()
const sockets = await connectMany(peers, SOCKETS)
for (const [index, socket] of sockets.entries()) {
  if (index % 3 === 1) socket.setKeepAlive(true, 60_000)
  if (index % 3 === 2) ours.holdKeepAlive(socket, { detectWithin: 30_000 })
}

/** Both search as far as the table of descriptors reaches (proc_pid_status(5)). */
const [, tableSize] = /^FDSize:\t(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
const last = Number(tableSize) - 1

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
await peers.stop()
