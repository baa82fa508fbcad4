/** How soon a peer on loopback that lives answers `probePeer`, beside the round trip of a byte, and whether any is refused. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectMany, end, startPeers } from '../connections.ts'
import { ours } from '../measured.ts'
import { spread } from '../paired.ts'
import { say } from '../say.ts'

const ASKED = 10_000
const SOCKETS = 2000

/** Silent for longer than this, a peer is asked. */
const SILENCE_MS = 1100

const peers = await startPeers()
const sockets = await connectMany(peers, SOCKETS)

await say('probe', async () => {
  const took: number[] = []
  let refused = 0
  while (took.length < ASKED) {
    await sleep(SILENCE_MS)
    for (const socket of sockets) {
      const { silentFor = 0 } = ours.getTcpInfo(socket)
      if (silentFor < SILENCE_MS || took.length >= ASKED) continue
      const asked = performance.now()
      if (!(await ours.probePeer(socket, { within: 1000 }))) refused++
      took.push(performance.now() - asked)
    }
  }
  const { low, median, high } = spread(took)
  const trips = sockets.map((socket) => ours.getTcpInfo(socket).roundTrip ?? 0)
  return { refused, milliseconds: median, low, high, roundTrip: spread(trips).median }
})
await end(sockets)
await peers.stop()
