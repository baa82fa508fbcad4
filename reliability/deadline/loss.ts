/** Peers that read at random, by a fixed seed, across a network that loses packets: which living ones are dropped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type KeepAliveOptions, planKeepAlive } from 'tcp-keepalive'
import { type Lab, withLab } from '../../lab/network/lab.ts'
import { startWriters } from '../../lab/readers/dying.ts'
import { SlowReader } from '../../lab/readers/slow-reader.ts'
import { Random } from '../random.ts'
import { readOptions, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'

export const usage = '  --seconds COUNT   for how long (180)'

const CONNECTIONS = 100
const SEED = 16

/**
 * At most 1 MB for each buffer. What hundreds of connections that nobody reads may hold by the system's own limits is more than all of TCP
 * may have (net.ipv4.tcp_mem): then every peer of the machine drops what it is sent, a state in which fewer answers may be lost (docs/limits.md).
 */
const SMALL_BUFFERS = `for which in rmem wmem; do echo 4096 65536 1048576 >/proc/sys/net/ipv4/tcp_$which; done`

interface Trial {
  readonly lossPercent: number
  readonly deadline: number
  readonly options: KeepAliveOptions
  readonly what: string
}

export async function run(options: readonly string[]): Promise<Figure[]> {
  const seconds = wholeNumber('seconds', readOptions(options, 'seconds').seconds, { otherwise: 180 })
  const trials = [1, 10].flatMap((lossPercent) =>
    [30_000, 60_000].flatMap((deadline): Trial[] => {
      const { time, interval, retries } = planKeepAlive({ detectWithin: deadline }).settings
      const alone = { time, interval, retries, userTimeout: 0 } as KeepAliveOptions
      const ours = { lossPercent, deadline, options: { detectWithin: deadline }, what: 'detectWithin' }
      return [ours, { lossPercent, deadline, options: alone, what: 'its keepalive values alone' }]
    }),
  )
  const figures: Figure[] = []
  for (const deadline of [30_000, 60_000]) {
    const some = trials.filter((trial) => trial.deadline === deadline)
    figures.push(
      ...(await Promise.all(some.map((trial) => withLab((lab) => one(lab, trial, seconds * 1000))))),
    )
  }
  return figures
}

async function one(lab: Lab, { lossPercent, deadline, options, what }: Trial, ms: number): Promise<Figure> {
  await Promise.all([lab.server, lab.client].map((host) => host.configure(SMALL_BUFFERS)))
  const reader = new SlowReader(lab.server)
  const ports = await Promise.all(Array.from({ length: CONNECTIONS }, () => reader.listen()))
  const to = ports.map((port) => ({ name: String(port), port, secure: false }))
  const writers = startWriters(lab, to, options)
  await Promise.all(ports.map((port) => reader.read(port, { bytes: 0, every: 0 })))
  await lab.lose(lossPercent)
  const random = new Random(SEED)
  const end = performance.now() + ms
  // Each opens its window some times a deadline, a little or far, and closes it again by reading no more.
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
