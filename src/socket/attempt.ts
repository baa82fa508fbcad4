/**
 * Bounds how long a socket may take to connect. Linux retransmits SYNs for about 130 s; a user timeout ends that too, where it is
 * there during the attempt.
 *
 * Happy eyeballs makes a new handle for each address, and its descriptor is there only once connect(2) was called. So it is
 * set in the tick after 'connectionAttempt', which Node has emitted right before since 20.12 and 21.6. Earlier
 * versions emit 'lookup' then, and for addresses nothing: their attempt begins in the tick after `connect()`.
 */
import { isIP, type Socket } from 'node:net'
import { isLinux } from '../settings/capabilities.ts'
import type { KernelValues } from '../settings/options.ts'
import { native } from './native.ts'
import { handleDescriptor } from './node-internals.ts'

/** Taken at import: fake timers that a test puts in later must not delay it. */
const { nextTick } = process

/** What Node emits in the tick in which an attempt begins. */
export const ATTEMPT: 'connectionAttempt' | 'lookup' = tellsAttempts(process.versions.node)
  ? 'connectionAttempt'
  : 'lookup'

function tellsAttempts(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === 20 ? minor >= 12 : major > 21 || (major === 21 && minor >= 6)
}

/** Whether what bounds an attempt stays in force as the user timeout; Windows rounds it. */
export const BOUND_IS_USER_TIMEOUT: boolean = isLinux(process.platform)

/** Runs `bound` as soon as the attempt that begins in this tick has a descriptor. */
export function onceBegun(
  bound: (connection: Socket, address?: unknown, port?: unknown) => void,
  connection: Socket,
  address?: unknown,
  port?: unknown,
): void {
  nextTick(bound, connection, address, port)
}

/** Whether an attempt begins in the tick after `connect()`, as there is no name to look up. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** How long an attempt may take with these values; 0: the system's own rule. */
export function connectTimeoutOf(values: KernelValues | undefined): number {
  return Math.max(0, values?.connectTimeoutMs ?? values?.userTimeoutMs ?? 0)
}

/**
 * Puts the bound in while a socket is connecting. What is refused is reported with the other values, at 'connect'.
 *
 * @returns whether it is in the kernel
 */
export function boundAttempt(connection: Socket, timeoutMs: number): boolean {
  const fd = connection.connecting && timeoutMs > 0 ? handleDescriptor(connection) : undefined
  return fd !== undefined && native().setConnectTimeout(fd, timeoutMs) === 0
}

/** Puts the system's own rule back into a socket that has just connected. */
export function unboundAttempt(connection: Socket): void {
  const fd = handleDescriptor(connection)
  if (fd !== undefined) native().setConnectTimeout(fd, 0)
}
