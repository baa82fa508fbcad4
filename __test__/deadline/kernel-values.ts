/** The kernel's values for a deadline, read only through the binding, and sockets whose window is closed. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { getUserTimeout, systemKeepAlive } from 'tcp-keepalive/native'
import { listening } from '../hold/sockets.ts'

/** User timeout and TCP_RTO_MAX_MS, in milliseconds. */
export function deadlineOf(socket: net.Socket): [userTimeout: number, rtoMax: number] {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  const values = new Int32Array(2)
  if (getUserTimeout(fd, values) !== 0) throw new Error(`descriptor ${fd} cannot be read`)
  return [values[0] ?? -1, values[1] ?? -1]
}

/** TCP_RTO_MAX_MS if nobody has set it; -1 before Linux 6.15. */
export function systemRtoMax(): number {
  const values = new Int32Array(6)
  if (systemKeepAlive(values) !== 0) throw new Error('no socket can be made')
  return values[5] ?? -1
}

/** Its value for a deadline, if the kernel has the option. */
export function rtoMaxWith(deadlineMs: number): number {
  return systemRtoMax() < 0 ? -1 : Math.min(120_000, Math.max(1000, deadlineMs / 5))
}

/**
 * Its value while the user timeout is lifted and the kernel's timers need no limit: the original value, less a second as a mark.
 */
export function unboundedRtoMax(): number {
  return systemRtoMax() < 0 ? -1 : systemRtoMax() - 1000
}

/** Whether the user timeout is lifted, and TCP_RTO_MAX_MS has the value that the kernel's waits may need by now. */
export function isLiftedNow(socket: net.Socket, deadlineMs: number): boolean {
  const [userTimeout, rtoMax] = deadlineOf(socket)
  return userTimeout === 0 && [unboundedRtoMax(), rtoMaxWith(deadlineMs)].includes(rtoMax)
}

/** More than the buffers of both kernels hold, so that the window closes. */
export const MUCH: number = 8 * 1024 * 1024

/** A connection to a peer that reads nothing until it is resumed. */
export interface Stopped {
  readonly port: number
  readonly server: net.Server
  /** The reading end, once it was accepted. */
  readonly peer: Promise<net.Socket>
}

export async function stoppedReader(t: ExecutionContext): Promise<Stopped> {
  const server = net.createServer({ pauseOnConnect: true })
  const peer = once(server, 'connection').then(([socket]) => socket as net.Socket)
  const { port } = await listening(t, server)
  return { port, server, peer }
}

/** Waits until a condition is true, as long as a test may take. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20)
}
