/** The part `failover`: DNS changes after 3 s and after 30 s. Every client runs with and without its own connect timeout. */
import { planKeepAlive } from 'tcp-keepalive'
import { failOver } from '../../lab/failover/failover.ts'
import { isInTime } from '../../lab/timing.ts'
import type { Figure } from '../record.ts'

export const usage = ''

const OPTIONS = { detectWithin: 6000 }

export async function run(): Promise<Figure[]> {
  return (await Promise.all([3000, 30_000].map(one))).flat()
}

async function one(movedMs: number): Promise<Figure[]> {
  const [answered = []] = await failOver([OPTIONS], movedMs, movedMs + 90_000)
  const { connect = Number.NaN } = planKeepAlive(OPTIONS).detection
  return answered.map(({ name, took, backoffMs, pausedMs }) => {
    const within = Math.max(OPTIONS.detectWithin, movedMs) + connect + backoffMs + 100
    if (took === undefined || !isInTime(took, pausedMs, within)) {
      throw new Error(`${name}: answered after ${took} ms, not within ${within} ms`)
    }
    return [
      `the new address after ${movedMs / 1000} s: ${name}`,
      `answered after ${(took / 1000).toFixed(1)} s, of which up to ${backoffMs / 1000} s are its own backoff`,
    ]
  })
}
