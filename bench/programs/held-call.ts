/** `socket.setKeepAlive()` on a held socket, which changes nothing, compared with Node's own. */
import { Socket } from 'node:net'
import { connected, startPeers } from '../connections.ts'
import { ours } from '../measured.ts'
import { paired } from '../paired.ts'
import { say } from '../say.ts'

const CALLS = 2000

const peers = await startPeers()
const [free, held] = [await connected(peers), await connected(peers)]
const { setKeepAlive } = Socket.prototype // before the package wraps it
const repeat = (call: () => void): (() => void) => {
  return () => {
    for (let i = 0; i < CALLS; i++) call()
  }
}
free.setKeepAlive(true, 5000)
ours.holdKeepAlive(held, { time: 60_000, interval: 10_000, retries: 6 })

await say('held-call', () =>
  paired(
    { calls: CALLS, run: repeat(() => setKeepAlive.call(free, true, 5000)) },
    { calls: CALLS, run: repeat(() => held.setKeepAlive(true, 5000)) },
  ),
)
free.destroy()
held.destroy()
await peers.stop()
