/**
 * While anything is held, or any connection has a deadline, exactly three methods are wrapped, all of `net.Socket.prototype`:
 *
 * - `setKeepAlive`, which drivers and agents call: on a held socket their values have no effect;
 * - `connect`, to learn the destination of a socket, and that a socket connects again;
 * - `_destroy`, for two reasons. The user timeout of a deadline must be removed before it, because the kernel keeps counting
 *   after close. And it gets the error with which a connection ends. A listener for 'error' would get it too, but then an
 *   unhandled error would count as handled. With TLS around a socket only the TLS socket gets the error.
 *
 * On sockets that are not held they behave as before.
 */
import { Socket } from 'node:net'
import { beforeClose } from '../deadline/deadline.ts'
import { reportFailure } from '../socket/failure.ts'
import { beneath } from '../socket/node-internals.ts'
import { undoHeldRecord, undoRecordsAtClose } from '../socket/node-record.ts'
import { applyEffective, checkApplied, noteEnd } from './apply.ts'
import { coverNodeCall } from './claim.ts'
import { beginAttempt, decideInstalls, noteFailedAttempt } from './connecting.ts'
import { isRepeatedCall } from './driver-call.ts'
import { awaitNoName } from './names.ts'
import { type SocketState, stateOf } from './socket-state.ts'

type Method = (this: Socket, ...args: unknown[]) => unknown
type Name = 'setKeepAlive' | 'connect' | '_destroy'

/** A method that is wrapped. */
interface Wrapped {
  readonly name: Name
  readonly before: PropertyDescriptor
  readonly ours: Method
  /** While false, `ours` only forwards: it could not be removed, because other code has wrapped or frozen it. */
  isActive: boolean
}

let wrapped: readonly Wrapped[] | undefined
let users = 0

/** Our methods that could not be removed. The next hold reuses those that are still in the prototype. */
const stuck = new WeakMap<object, Wrapped>()

/**
 * Called by each hold and install when it begins; the first wraps.
 *
 * @throws TypeError if a method cannot be replaced, because other code has frozen it
 */
export function useWrap(): void {
  wrapped ??= wrap()
  users++
}

/** Called by each hold and install when it ends; the last call restores the methods. Never throws. */
export function leaveWrap(): void {
  users--
  if (users > 0 || wrapped === undefined) return
  unwrap(wrapped)
  wrapped = undefined
  undoRecordsAtClose()
}

/** Whether anything is held or installed. */
export function isWrapped(): boolean {
  return wrapped !== undefined
}

function wrap(): readonly Wrapped[] {
  const all: Wrapped[] = []
  try {
    for (const name of Object.keys(around) as Name[]) {
      const method = wrapOne(name)
      if (method) all.push(method)
    }
  } catch (error) {
    unwrap(all) // all or none
    throw error
  }
  return all
}

function wrapOne(name: Name): Wrapped | undefined {
  const before = Object.getOwnPropertyDescriptor(Socket.prototype, name)
  const original: unknown = before && Reflect.get(Socket.prototype, name) // other code may have made it an accessor
  if (before === undefined || !isMethod(original)) return undefined // this runtime does not have it
  const again = stuck.get(original)
  if (again) {
    again.isActive = true
    return again
  }
  const ours = like(
    original,
    around[name](original, () => made.isActive),
  )
  const made: Wrapped = { name, before, ours, isActive: true }
  const { configurable = false, enumerable = false, writable = true } = before
  Object.defineProperty(Socket.prototype, name, { configurable, enumerable, writable, value: ours })
  return made
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}

function unwrap(all: readonly Wrapped[]): void {
  for (const each of all) {
    const { name, before, ours } = each
    each.isActive = false
    const now = Object.getOwnPropertyDescriptor(Socket.prototype, name)
    // A frozen property cannot be redefined. The wrapper then stays in place and only forwards.
    const isBack = now?.value === ours && Reflect.defineProperty(Socket.prototype, name, before)
    if (!isBack) stuck.set(ours, each)
  }
}

/** The wrapper has the same name and number of parameters as the original. */
function like(original: Method, ours: Method): Method {
  for (const property of ['name', 'length'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(original, property)
    if (descriptor) Object.defineProperty(ours, property, descriptor)
  }
  return ours
}

const around: Record<Name, (original: Method, isActive: () => boolean) => Method> = {
  setKeepAlive: (original, isActive) =>
    function (...args) {
      const connection = beneath(this)
      const state = isActive() ? stateOf(connection) : undefined
      if (state?.host !== undefined) decideSafely(connection, state)
      if (state?.effective === undefined) return Reflect.apply(original, this, args)
      if (coverNodeCall(state.effective)) {
        if (!isRepeatedCall(state, args)) checkApplied(connection, state)
        if (applyEffective(connection, state)) return this
      }
      const returned = Reflect.apply(original, this, args)
      state.applied = undefined // Node may have set values that are not held, and overwritten held ones
      applyEffective(connection, state)
      return returned
    },

  connect: (original, isActive) =>
    function (...args) {
      const returned = Reflect.apply(original, this, args)
      if (isActive()) beginAttempt(this, args)
      return returned
    },

  _destroy: (original, isActive) =>
    function (...args) {
      if (isActive()) ending(this, args[0])
      return Reflect.apply(original, this, args)
    },
}

function decideSafely(connection: Socket, state: SocketState): void {
  try {
    decideInstalls(connection, state)
  } catch (error) {
    reportFailure(connection, error)
  }
}

function ending(socket: Socket, error: unknown): void {
  try {
    const connection = beneath(socket)
    const state = stateOf(connection)
    awaitNoName(connection)
    const isPending = beforeClose(socket)
    if (state === undefined) return
    if (state.applied === undefined) noteFailedAttempt(connection, state, error)
    noteEnd(connection, state, error, isPending)
    undoHeldRecord(connection)
  } catch (failure) {
    reportFailure(socket, failure)
  }
}
