/**
 * What all copies of this package in one thread share: two versions of it in node_modules, say, or one that a test runner
 * loads anew for each file. They all work on the same sockets, so they must know of each other.
 *
 * It hangs on `net.Socket`, which is one object for them all, also where each has globals of its own (vm).
 */
import { Socket } from 'node:net'

/** With another number where what is shared is another, so that a version which does not know it leaves it alone. */
const KEY = Symbol.for('tcp-keepalive/1')

/** The one value of this name, which the first copy makes that is loaded. */
export function shared<T>(name: string, make: () => T): T {
  const holder = Socket as unknown as { [KEY]?: Record<string, unknown> }
  // Where a program has frozen its globals, each copy is alone: importing must not fail.
  if (!Object.hasOwn(Socket, KEY)) Reflect.defineProperty(Socket, KEY, { value: {} })
  const values = holder[KEY] ?? {}
  values[name] ??= make()
  return values[name] as T
}
