/** Checks whether the kernel still holds the values that this package has set on a socket. */
import type { Socket } from 'node:net'
import { formatDuration } from '../settings/duration.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { isAdjusted } from '../socket/deadlines.ts'
import { lastSetOn } from '../socket/last-set.ts'
import { isAsking } from '../socket/open-questions.ts'
import { descriptorOf } from '../socket/target.ts'

/** The values that were changed since they were set, in words. */
export function overwrittenOn(socket: Socket, held: KeepAlive): readonly string[] {
  const set = lastSetOn(socket)
  if (set === undefined || isAsking(descriptorOf(socket))) return []
  return differences(isAdjusted(socket) ? { ...set, userTimeoutMs: LEAVE } : set, held)
}

/** The fields in which `held` differs from the values that were set. Fields that were not set are not compared. */
export function differences(set: KernelValues, held: KeepAlive): readonly string[] {
  const changes: string[] = []
  const compare = (
    name: string,
    was: number,
    now: number | undefined,
    show: (value: number) => string,
  ): void => {
    if (now !== undefined && now !== was) changes.push(`${name} ${show(was)} is now ${show(now)}`)
  }
  if (set.enabled !== held.enabled) changes.push(`keepalive is ${held.enabled ? 'on' : 'off'}`)
  if (set.timeSeconds !== LEAVE) compare('time', set.timeSeconds * 1000, held.time, formatDuration)
  if (set.intervalSeconds !== LEAVE) {
    compare('interval', set.intervalSeconds * 1000, held.interval, formatDuration)
  }
  if (set.retries !== LEAVE) compare('retries', set.retries, held.retries, String)
  if (set.userTimeoutMs !== LEAVE) {
    compare('user timeout', set.userTimeoutMs, held.userTimeout, formatDuration)
  }
  return changes
}
