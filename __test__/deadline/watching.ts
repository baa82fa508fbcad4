/** Sets a solved deadline on a connection and watches it, as set, hold and install do. */
import type net from 'node:net'
import { watchDeadline } from '../../src/deadline/deadline.ts'
import type { SolvedDeadline } from '../../src/deadline/watched.ts'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { solveDetectWithin } from '../../src/settings/detect-within.ts'
import { setKeepAlive } from '../../src/socket/keepalive.ts'

/** Only the values: the kernel's own rule. */
export function putDeadline(socket: net.Socket, detectWithinMs: number): SolvedDeadline {
  const solved = solveDetectWithin(detectWithinMs, capabilitiesOf('linux'))
  const { timeSeconds, intervalSeconds, retries, userTimeoutMs } = solved
  setKeepAlive(socket, {
    time: timeSeconds * 1000,
    interval: intervalSeconds * 1000,
    retries,
    userTimeout: userTimeoutMs,
  })
  return { detectWithinMs, userTimeoutMs }
}

export function watch(socket: net.Socket, detectWithinMs: number): void {
  watchDeadline(socket, putDeadline(socket, detectWithinMs))
}
