/**
 * One scan of 10,000 descriptors of which 100 are new, with setting the new ones, compared with C's getsockname on all. Another
 * thread makes the connections, so that no hook sees them.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { looks } from '../../lab/taken-timers.ts'
import { lastDescriptor, peers } from '../connections.ts'
import { compared, type Paired, type Seen, timed } from '../paired.ts'
import { c } from '../reference.ts'
import { say } from '../say.ts'

const SOCKETS = 9900
const NEW = 100
const ROUNDS = 40

const { ours } = await import('../measured.ts')
const connecting = new Worker(
  `const net = require('node:net')
  const { parentPort, workerData: port } = require('node:worker_threads')
  let fresh = []
  parentPort.on('message', async ({ count, isKept }) => {
    for (const socket of fresh) socket.resetAndDestroy()
    fresh = []
    for (let index = 0; index < count; index++) {
      const socket = net.connect(port, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve))
      if (!isKept) fresh.push(socket)
      else (globalThis.kept ??= []).push(socket)
    }
    parentPort.postMessage('connected')
  })`,
  { eval: true, workerData: peers.port },
)
async function connect(count: number, isKept: boolean): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  connecting.postMessage({ count, isKept })
  await once(connecting, 'message')
}

await connect(SOCKETS, true)
const install = ours.installKeepAlive({ detectWithin: 60_000 }, { reach: 'process' })
const [look] = looks
if (look === undefined) throw new Error('no timer was started')
const adopted = (): number => ours.inspectSockets().filter(({ heldBy }) => heldBy === 'reach').length
/** On a busy machine, a scan may not end while the program waits for it. */
async function lookUntilAdopted(count: number): Promise<void> {
  for (let patience = 0; adopted() < count; patience++) {
    if (patience > 1000) throw new Error(`${adopted()} connections of ${count} have the values`)
    look?.()
    await sleep(10)
  }
}
await lookUntilAdopted(SOCKETS)
look() // once more, as after each adoption

const last = lastDescriptor()
const scan = (): void => c.scan(last)

await say('reach', async (): Promise<Paired> => {
  const seen: Seen[] = []
  for (let round = 0; seen.length < ROUNDS; round++) {
    if (round > 4 * ROUNDS) throw new Error('the machine is too busy')
    await connect(NEW, false)
    const reference = timed(scan)
    const measured = timed(look)
    const again = timed(scan)
    if (adopted() === SOCKETS + NEW) seen.push({ reference, measured, again })
    else await lookUntilAdopted(SOCKETS + NEW)
    look() // the new ones are scanned once more, which is not measured
  }
  return compared(seen)
})
install.uninstall()
await connecting.terminate()
