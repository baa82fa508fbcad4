/** How soon a living peer on loopback answers `probePeer`, compared with the round trip time, and whether any is reported as dead. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectMany, end } from '../connections.ts'
import { ours } from '../measured.ts'
import { spread } from '../paired.ts'
import { say } from '../say.ts'

const ASKED = 10_000
const SOCKETS = 2000

/** A peer is probed after this silence. */
const SILENCE_MS = 1100

const sockets = await connectMany(SOCKETS)

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
