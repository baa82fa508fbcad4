/** `socket.setKeepAlive()` on a held socket, which changes nothing, compared with Node's own. */
import { Socket } from 'node:net'
import { connected } from '../connections.ts'
import { ours } from '../measured.ts'
import { paired } from '../paired.ts'
import { say } from '../say.ts'

const CALLS = 2000

const [free, held] = [await connected(), await connected()]
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
