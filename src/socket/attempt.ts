/**
 * Bounds how long a socket may take to connect. Linux retransmits SYNs for about 130 s. A user timeout ends that too, if it is
 * set during the attempt.
 *
 * Happy eyeballs makes a new handle for each address, and the handle has a descriptor only after connect(2) was called. Node
 * emits 'connectionAttempt' right before that call, since 20.12 and 21.6. So the bound is set in the tick after this event.
 * Earlier versions emit 'lookup' at that moment, and nothing for addresses: then the attempt begins in the tick after `connect()`.
 */
import { isIP, type Socket } from 'node:net'
import { isLinux } from '../settings/capabilities.ts'
import type { KernelValues } from '../settings/options.ts'
import { native } from './native.ts'
import { handleDescriptor } from './node-internals.ts'

/** Saved at import, so that the fake timers of a test, installed later, cannot delay it. */
const { nextTick } = process

/** The event that Node emits in the tick in which an attempt begins. */
export const ATTEMPT: 'connectionAttempt' | 'lookup' = tellsAttempts(process.versions.node)
  ? 'connectionAttempt'
  : 'lookup'

function tellsAttempts(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === 20 ? minor >= 12 : major > 21 || (major === 21 && minor >= 6)
}

/** Whether the bound of an attempt is also the exact user timeout later. On Windows it is not, because it is rounded. */
export const BOUND_IS_USER_TIMEOUT: boolean = isLinux(process.platform)

/** Runs `bound` when the attempt that begins in this tick has a descriptor. */
export function onceBegun(
  bound: (connection: Socket, address?: unknown, port?: unknown) => void,
  connection: Socket,
  address?: unknown,
  port?: unknown,
): void {
  nextTick(bound, connection, address, port)
}

/** Whether an attempt begins in the tick after `connect()`, because there is no name to look up. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** How long an attempt may take with these values; 0: the system's own rule. */
export function connectTimeoutOf(values: KernelValues | undefined): number {
  return Math.max(0, values?.connectTimeoutMs ?? values?.userTimeoutMs ?? 0)
}

/**
 * Sets the bound while a socket is connecting. A refusal is reported at 'connect', with the other values.
 *
 * @returns whether the bound was set
 */
export function boundAttempt(connection: Socket, timeoutMs: number): boolean {
  const fd = connection.connecting && timeoutMs > 0 ? handleDescriptor(connection) : undefined
  return fd !== undefined && native().setConnectTimeout(fd, timeoutMs) === 0
}

/** Restores the system's own rule on a socket that has just connected. */
export function unboundAttempt(connection: Socket): void {
  const fd = handleDescriptor(connection)
  if (fd !== undefined) native().setConnectTimeout(fd, 0)
}
