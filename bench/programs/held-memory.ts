/** The heap that 10,000 held sockets take, and how much remains afterwards. Needs --expose-gc. */
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { connectMany, end } from '../connections.ts'
import { ours } from '../measured.ts'
import { say } from '../say.ts'

const SOCKETS = 10_000
const VALUES = { time: 60_000, interval: 10_000, retries: 6 }

async function heap(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await turn()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

/** Tables grow for many sockets, and code is compiled, before anything is measured. */
async function warmUp(): Promise<void> {
  const sockets = await connectMany(SOCKETS)
  const holds = sockets.map((socket) => ours.holdKeepAlive(socket, VALUES))
  for (const hold of holds) hold.release()
  await end(sockets)
}

await say('held-memory', async () => {
  await warmUp()
  const start = await heap()
  let sockets: Socket[] = await connectMany(SOCKETS)
  const free = await heap()
  let holds = sockets.map((socket) => ours.holdKeepAlive(socket, VALUES))
  const held = await heap()
  for (const hold of holds) hold.release()
  holds = []
  await end(sockets)
  sockets = []
  const ended = await heap()
  return { heldBytes: (held - free) / SOCKETS, endedBytes: (ended - start) / SOCKETS }
})

/** The sockets close while an install covers them, without a release. */
await say('installed-memory', async () => {
  const free = await connectMany(SOCKETS)
  await end(free)
  free.length = 0
  const start = await heap()
  const plain = await connectMany(SOCKETS)
  const withoutInstall = (await heap()) - start
  await end(plain)
  plain.length = 0
  const install = ours.installKeepAlive(VALUES)
  const again = await heap()
  const sockets = await connectMany(SOCKETS)
  const withInstall = (await heap()) - again
  await end(sockets)
  sockets.length = 0
  const ended = await heap()
  install.uninstall()
  return {
    heldBytes: (withInstall - withoutInstall) / SOCKETS,
    // Closed sockets leave a little memory behind without the package, too.
    endedBytes: (ended - again - (again - start)) / SOCKETS,
  }
})
