/** Nothing remains of 10,000 closed sockets with a deadline: no timer, no handle, no listener, no memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { unless } from '../needs.ts'

interface Left {
  readonly timers: number
  readonly resources: string
  readonly exitListeners: number
  readonly descriptors: number
}

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux lifts a user timeout.')

onLinux('nothing remains of 10,000 closed sockets with a deadline', async (t) => {
  t.timeout(180_000)
  const program = fileURLToPath(new URL('come-and-go.cjs', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const { atFirst, atLast, heaps, wrapped, most } = JSON.parse(said) as {
    atFirst: Left
    atLast: Left
    heaps: number[]
    wrapped: boolean
    most: number
  }
  t.log(`heaps after each 2,000: ${heaps.map((bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`).join(', ')}`)
  t.true(most > atFirst.timers, 'there was a timer')
  t.deepEqual(atLast, atFirst)
  t.false(wrapped)
  // 8,000 sockets after the first measurement: less than 100 bytes for each.
  t.true((heaps.at(-1) ?? 0) - (heaps[0] ?? 0) < 800_000, heaps.join())
})
