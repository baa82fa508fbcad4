/**
 * Values that all copies of this package in one thread share. There may be two versions in node_modules, or a test runner may
 * load the package again for each file. All copies work on the same sockets, so they must share state.
 *
 * The values are stored on `net.Socket`, which is the same object for all copies, even if each has its own globals (vm).
 */
import { Socket } from 'node:net'

/** The number changes when the shared values change, so that versions with different values do not share them. */
const KEY = Symbol.for('tcp-keepalive/1')

/** The shared value of this name. The first copy that asks for it makes it. */
export function shared<T>(name: string, make: () => T): T {
  const holder = Socket as unknown as { [KEY]?: Record<string, unknown> }
  // If a program has frozen its globals, each copy has its own values: importing must not fail.
  if (!Object.hasOwn(Socket, KEY)) Reflect.defineProperty(Socket, KEY, { value: {} })
  const values = holder[KEY] ?? {}
  values[name] ??= make()
  return values[name] as T
}
