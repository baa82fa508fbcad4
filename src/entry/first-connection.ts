/**
 * Lets `tcp-keepalive/register` load nothing until the thread makes its first connection. Node publishes each on the channel
 * `net.client.socket`, within `connect()` and before anything has happened.
 *
 * The code that is loaded then must see the timers and the async context of the start. Meanwhile the program may have faked its timers,
 * and `connect()` runs within some request.
 */
import { AsyncResource } from 'node:async_hooks'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type * as timers from 'node:timers'

/** Node's channel for each `connect()`. */
const CONNECTING = 'net.client.socket'

/** The channel on which a copy of this package says that the program has called it. */
const CALLED = 'tcp-keepalive:called'

/**
 * Whether the channel tells of every connection: since 22.17 and 24.2 (lib/net.js). Bun and Deno have a channel of this name too, and
 * a test runner or a bundle may have a `require` that is gone by then.
 */
export function isFirstConnectionTold(): boolean {
  const { bun, deno, node } = process.versions as NodeJS.ProcessVersions & Record<'bun' | 'deno', unknown>
  if (bun !== undefined || deno !== undefined) return false
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major < 22 || major === 23 || minor < (FIRST_MINOR[major] ?? 0)) return false
  return isRequireOfNode()
}

const FIRST_MINOR: Readonly<Record<number, number>> = { 22: 17, 24: 2 }

function isRequireOfNode(): boolean {
  if (typeof require !== 'function' || typeof module !== 'object' || require.cache === undefined) return false
  const { _cache: ofNode } = module.constructor as { readonly _cache?: unknown }
  return require.cache === ofNode
}

/**
 * Calls `begin` at the first connection, with its socket, or at the first call of this package, whichever comes first.
 *
 * @param begin must not throw
 */
export function onFirstConnection(begin: (connecting: Socket | undefined) => void): void {
  const outside = new AsyncResource('TCPKEEPALIVEREGISTER')
  // Not imported, as rolldown would put a copy of it there.
  const nodeTimers = require('node:timers') as typeof timers
  const clocks = ownProperties(process, ['hrtime', 'nextTick']).concat(ownProperties(nodeTimers, TIMERS))
  const end = (connecting?: Socket): void => {
    unsubscribe(CONNECTING, onConnecting)
    unsubscribe(CALLED, onCalled)
    outside.runInAsyncScope(() => withClocks(clocks, () => begin(connecting)))
  }
  const onConnecting = (message: unknown): void => end((message as { readonly socket: Socket }).socket)
  const onCalled = (): void => end()
  subscribe(CONNECTING, onConnecting)
  subscribe(CALLED, onCalled)
}

/** Called at the program's first call of this package: what `register` installs comes before what the call does. */
export function endWaiting(): void {
  const called = channel(CALLED)
  if (called.hasSubscribers) called.publish(undefined)
}

const TIMERS = ['clearInterval', 'clearTimeout', 'setInterval', 'setTimeout']

type Own = readonly [owner: object, name: string, descriptor: PropertyDescriptor | undefined]

function ownProperties(owner: object, names: readonly string[]): readonly Own[] {
  return names.map((name) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)])
}

function withClocks(clocks: readonly Own[], run: () => void): void {
  const found = clocks.flatMap(([owner, name]) => ownProperties(owner, [name]))
  for (const each of clocks) put(each)
  try {
    run()
  } finally {
    for (const each of found) put(each)
  }
}

/** What is frozen stays as it is. */
function put([owner, name, descriptor]: Own): void {
  if (descriptor) Reflect.defineProperty(owner, name, descriptor)
  else Reflect.deleteProperty(owner, name)
}
