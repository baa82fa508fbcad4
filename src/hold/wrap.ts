/**
 * What is put around three methods of `net.Socket.prototype` while anything is held, and nothing else anywhere:
 *
 * - `setKeepAlive`, which drivers and agents call: on a held socket their values do not get through;
 * - `connect`, to learn where a socket goes, and that a socket connects again;
 * - `_destroy`, where the error is to be had with which a connection ends, without listening to 'error': a listener
 *   would keep an unhandled error from being one. With TLS around a socket it comes to the TLS socket alone, which
 *   no event of the socket tells.
 *
 * On sockets that are not held they do what they did.
 */
import { Socket } from 'node:net'
import { reportFailure } from '../socket/failure.ts'
import { beneath } from '../socket/node-internals.ts'
import { coverNode } from './claim.ts'
import { ended, heldOn, keep } from './held.ts'
import { decide, outgoing } from './outgoing.ts'

type Method = (this: Socket, ...args: unknown[]) => unknown
type Name = 'setKeepAlive' | 'connect' | '_destroy'

/** One time that the methods were wrapped. */
interface Layer {
  /** Once it is not, it only hands on: somebody has wrapped it and goes on calling it. */
  active: boolean
  readonly methods: ReadonlyArray<{ name: Name; before: PropertyDescriptor; ours: Method }>
}

let layer: Layer | undefined
let users = 0

/** Called by each hold and install when it begins; the first wraps. */
export function useWrap(): void {
  layer ??= wrap()
  users++
}

/** Called by each when it ends; the last gives the methods back as they were, unless somebody has wrapped them since. */
export function leaveWrap(): void {
  users--
  if (users > 0 || layer === undefined) return
  unwrap(layer)
  layer = undefined
}

/** Whether anything is held or installed. */
export function isWrapped(): boolean {
  return layer !== undefined
}

function wrap(): Layer {
  const names = Object.keys(around) as Name[]
  const methods = names.flatMap((name) => {
    const before = Object.getOwnPropertyDescriptor(Socket.prototype, name)
    if (typeof before?.value !== 'function') return [] // another runtime that lacks it
    const original = before.value as Method
    return [
      {
        name,
        before,
        ours: like(
          original,
          around[name](original, () => made.active),
        ),
      },
    ]
  })
  const made: Layer = { active: true, methods }
  try {
    for (const { name, before, ours } of methods) {
      Object.defineProperty(Socket.prototype, name, { ...before, value: ours })
    }
  } catch (error) {
    unwrap(made) // all or none, where somebody has frozen one
    throw error
  }
  return made
}

function unwrap(made: Layer): void {
  made.active = false
  for (const { name, before, ours } of made.methods) {
    const now = Object.getOwnPropertyDescriptor(Socket.prototype, name)
    if (now?.value === ours) Object.defineProperty(Socket.prototype, name, before)
  }
}

/** Nobody who looks at a method's name or number of parameters is to see a difference. */
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
      const held = isActive() ? heldOn(connection) : undefined
      if (held?.host !== undefined) decide(connection, held)
      if (held?.values === undefined) return Reflect.apply(original, this, args)
      if (keep(connection, held) && coverNode(held.values)) return this
      const returned = Reflect.apply(original, this, args)
      held.applied = undefined // Node may have written what is not held, and over what is
      keep(connection, held)
      return returned
    },

  connect: (original, isActive) =>
    function (...args) {
      const returned = Reflect.apply(original, this, args)
      if (isActive()) outgoing(this, args)
      return returned
    },

  _destroy: (original, isActive) =>
    function (...args) {
      if (isActive()) noteEnd(this, args[0])
      return Reflect.apply(original, this, args)
    },
}

function noteEnd(socket: Socket, error: unknown): void {
  try {
    const connection = beneath(socket)
    const held = heldOn(connection)
    if (held) ended(connection, held, error)
  } catch (failure) {
    reportFailure(socket, failure)
  }
}
