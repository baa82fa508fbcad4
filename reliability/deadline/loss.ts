/** The part `loss`: peers that read at random, by a fixed seed, over a network that loses packets. Counts dropped living peers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type KeepAliveOptions, planKeepAlive } from 'tcp-keepalive'
import { type Lab, withLab } from '../../lab/network/lab.ts'
import { startWriters } from '../../lab/readers/dying.ts'
import { SlowReader } from '../../lab/readers/slow-reader.ts'
import { Random } from '../random.ts'
import { readOptions, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'

export const usage = '  --seconds N  how long it runs (180)'

const CONNECTIONS = 100
const SEED = 16

/**
 * At most 1 MB for each buffer. With the system's limits, hundreds of connections that nobody reads may need more than all the
 * memory of TCP (net.ipv4.tcp_mem). Then every peer on the machine drops packets, and fewer answers may be lost than
 * usual (docs/limits.md).
 */
const SMALL_BUFFERS = `for which in rmem wmem; do echo 4096 65536 1048576 >/proc/sys/net/ipv4/tcp_$which; done`

interface Trial {
  readonly lossPercent: number
  readonly deadline: number
  readonly options: KeepAliveOptions
  readonly what: string
}

export async function run(options: readonly string[]): Promise<Figure[]> {
  const seconds = wholeNumber('seconds', readOptions(options, 'seconds').seconds, 180)
  const figures: Figure[] = []
  for (const deadline of [30_000, 60_000]) {
    const { time, interval, retries } = planKeepAlive({ detectWithin: deadline }).settings
    const alone = { time, interval, retries, userTimeout: 0 } as KeepAliveOptions
    const trials = [1, 10].flatMap((lossPercent): Trial[] => [
      { lossPercent, deadline, options: { detectWithin: deadline }, what: 'detectWithin' },
      { lossPercent, deadline, options: alone, what: 'its keepalive values alone' },
    ])
    const one = (trial: Trial): Promise<Figure> => withLab((lab) => runTrial(lab, trial, seconds * 1000))
    figures.push(...(await Promise.all(trials.map(one))))
  }
  return figures
}

async function runTrial(
  lab: Lab,
  { lossPercent, deadline, options, what }: Trial,
  ms: number,
): Promise<Figure> {
  await Promise.all([lab.server, lab.client].map((host) => host.configure(SMALL_BUFFERS)))
  const reader = new SlowReader(lab.server)
  const ports = await Promise.all(Array.from({ length: CONNECTIONS }, () => reader.listen()))
  const to = ports.map((port) => ({ name: String(port), port, secure: false }))
  const writers = startWriters(lab, to, options)
  await Promise.all(ports.map((port) => reader.read(port, { bytes: 0, every: 0 })))
  await lab.lose(lossPercent)
  const random = new Random(SEED)
  const end = performance.now() + ms
  // Each reads a random amount several times within a deadline: its window opens, and closes again.
  while (performance.now() < end) {
    const port = random.pick(ports) ?? 0
    const bytes = Math.ceil(10 ** random.between(2, 6))
    await reader.read(port, { bytes, every: 1e9 })
    await sleep(Math.max(0, Math.min(random.between(0, deadline / CONNECTIONS), end - performance.now())))
  }
  const dropped = writers.told('lost').length
  if (lossPercent === 1 && dropped > 0)
    throw new Error(`${dropped} living peers were dropped at 1 % loss, ${what}`)
  return [
    `${lossPercent} % loss each way, ${deadline / 1000} s, ${what}: dropped`,
    `${dropped} of ${CONNECTIONS} living in ${ms / 1000} s (seed ${SEED})`,
  ]
}
