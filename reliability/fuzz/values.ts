/** Values of every kind, and objects that throw or do something when they are read. */
import { types } from 'node:util'
import type { Random } from '../random.ts'

const unspeakable = Object.create(null) as object

/** What the program throws. Each is recognized by its identity. */
export const THROWN: readonly unknown[] = [
  new Error('on purpose'),
  Object.freeze(new RangeError('frozen, on purpose')),
  Symbol('on purpose'),
  unspeakable,
  undefined,
  'on purpose',
  Object.defineProperty(new Error('unreadable'), 'message', {
    get() {
      throw unspeakable
    },
  }),
]

class Any {
  readonly any = true
}

// oxlint-disable-next-line no-sparse-arrays -- a list with a hole in it
const LISTS = [[], [30_000], [, 1]]

const POWERS = [31, 32, 53].map((bits) => 2 ** bits)

export const NUMBERS: readonly unknown[] = [-0, -1, 0.5, Number.NaN, Infinity, 1e300, 10n, ...POWERS]

const OBJECTS = [unspeakable, Object.freeze({}), /x/, new Date(0), new Map(), ...LISTS]

const PRIMITIVES = [undefined, null, true, false, '', '17', '*:5432', Symbol('any'), 0, ...NUMBERS]

/** Values that a call may change are created for each call. */
const ANYTHING: ReadonlyArray<(random: Random) => unknown> = [
  ...[...PRIMITIVES, ...OBJECTS, () => 1000, Any].map((value) => () => value),
  () => ({}),
  () => new Int32Array(5),
  () => new Uint8Array(5),
  () => Buffer.alloc(3),
  () => Promise.resolve(),
  revoked,
  (random) => hostile(random, {}),
]

export function anything(random: Random): unknown {
  return random.pick(ANYTHING)?.(random)
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** The package follows these properties from object to object. */
const RINGS: ReadonlySet<PropertyKey> = new Set(['_parent', 'cause'])

/** An object whose properties throw after some readings, or one that is its own parent and cause. */
export function hostile<T extends object>(random: Random, around: T): T {
  if (random.oneIn(3)) {
    const itself: T = new Proxy(around, {
      get: (target, key) => (RINGS.has(key) ? itself : (Reflect.get(target, key) as unknown)),
    })
    return itself
  }
  const thrown = random.pick(THROWN)
  let left = random.below(6)
  const get = (target: T, key: PropertyKey): unknown => {
    if (left-- <= 0) throw thrown
    return Reflect.get(target, key) as unknown
  }
  return new Proxy(around, random.oneIn(2) ? { get } : { get, has: () => true, ownKeys: () => ['time'] })
}

/** For the trace: short, fast, and without running any code of the value. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (types.isProxy(value)) return 'a proxy'
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).slice(0, 6)
  const shown = fields.map(([name, { get, value }]) => {
    const isObject = typeof value === 'object' && value !== null
    return `${name}: ${get ? 'a getter' : isObject ? 'an object' : describe(value)}`
  })
  return `{ ${shown.join(', ')} }`
}
