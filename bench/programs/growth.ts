/** What a million sets and reads leave behind. Needs --expose-gc. */
import { connected } from '../connections.ts'
import { ours } from '../measured.ts'
import { say } from '../say.ts'

const CALLS = 1_000_000
const MB = 2 ** 20

const socket = await connected()

function measure(): { resident: number; resources: string } {
  globalThis.gc?.()
  const resources = process.getActiveResourcesInfo().toSorted().join()
  return { resident: process.memoryUsage().rss / MB, resources }
}

function setAndRead(times: number): void {
  for (let i = 0; i < times; i++) {
    ours.setKeepAlive(socket, { time: 60_000 + 1000 * (i % 2), interval: 10_000, retries: 6 })
    ours.getKeepAlive(socket)
  }
}

await say('growth', () => {
  const before = measure()
  setAndRead(CALLS / 5)
  const early = measure()
  setAndRead(CALLS - CALLS / 5)
  const late = measure()
  return {
    residentMb: late.resident - early.resident,
    resourcesLeft: late.resources === before.resources ? '' : late.resources,
  }
})
socket.destroy()
