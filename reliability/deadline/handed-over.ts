/** 2 MB handed over under a deadline to a peer that reads only much later, beside the same without the package. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Figure } from '../record.ts'

export const usage = ''

const PROGRAM = fileURLToPath(new URL('../../__test__/deadline/handed-over.cjs', import.meta.url))
const HANDED_OVER = 2 * 1024 * 1024
const READ_AFTER = [30_000, 180_000]
const ENDINGS = ['end', 'destroy', 'exit', 'SIGTERM']

/** What the program does `whenMs` after the last byte was handed over. */
interface Trial {
  readonly way: 'set' | 'none'
  readonly ending: string
  readonly whenMs: number
  readonly readAfter: number
}

/** Which of these lose what they have handed over is in docs/limits.md; the others may not. */
function mayLose({ way, ending, whenMs }: Trial): boolean {
  return way === 'set' && (ending === 'SIGTERM' || (ending !== 'end' && whenMs >= 20_000))
}

export async function run(): Promise<Figure[]> {
  const trials = READ_AFTER.flatMap((readAfter) =>
    [1000, 20_000].flatMap((whenMs) =>
      ENDINGS.flatMap((ending) =>
        (['set', 'none'] as const).map((way) => ({ way, ending, whenMs, readAfter })),
      ),
    ),
  )
  const results = await Promise.all(trials.map(async (trial) => ({ ...trial, bytes: await received(trial) })))
  const lost = results.filter((one) => one.bytes !== HANDED_OVER && !mayLose(one))
  if (lost.length > 0) throw new Error(`lost: ${JSON.stringify(lost)}`)
  return results
    .filter(({ way }) => way === 'set')
    .map((ours) => {
      const { ending, whenMs, readAfter } = ours
      const none = results.find(
        (one) =>
          one.way === 'none' && one.ending === ending && one.whenMs === whenMs && one.readAfter === readAfter,
      )
      const call = ending.startsWith('SIG') ? `${ending}, no listener,` : `\`${ending}()\``
      return {
        what: `${call} ${whenMs / 1000} s after the window closed, read ${readAfter / 1000} s later`,
        figure: `${figureOf(ours)}; without the package ${none ? figureOf(none) : '?'}`,
      }
    })
}

function figureOf({ bytes }: { readonly bytes: number }): string {
  return bytes === HANDED_OVER ? 'every byte' : `${bytes.toLocaleString('en')} bytes`
}

async function received({ way, ending, whenMs, readAfter }: Trial): Promise<number> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const child = spawn(process.execPath, [PROGRAM, String(port), way, ending, String(whenMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  socket.on('error', () => {}) // a reset: what came before it counts
  await once(child.stdout, 'data')
  await sleep(readAfter)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume()
  await new Promise((resolve) => socket.once('close', resolve))
  server.close()
  child.kill('SIGKILL')
  return bytes
}
