/** Options as programs write them: valid, invalid, and with getters that do something. */
import type { Random } from '../random.ts'
import { anything, hostile, THROWN } from './values.ts'

/** What a getter may do while the options are read. */
export type Effect = (random: Random) => void

const NAMES = ['time', 'interval', 'retries', 'userTimeout', 'detectWithin', 'enabled'] as const

const WRONG_NAMES = ['idle', 'initialDelay', 'probes', 'toString', '__proto__', 'keepAlive', ''] as const

/** Anything that a program may pass as options. */
export function options(random: Random, effect: Effect): unknown {
  switch (random.below(12)) {
    case 0:
    case 1:
      return { detectWithin: 5000 + random.below(60_000) }
    case 2:
    case 3:
      return values(random)
    case 4:
      return 1000 + random.below(40_000)
    case 5:
      return false
    case 6:
      return partly(random)
    case 7:
      return withGetter(random, effect)
    case 8:
      return { [random.pick(WRONG_NAMES)]: 5000 }
    case 9:
      return random.oneIn(2) ? hostile(random, values(random)) : Object.create(values(random))
    default:
      return anything(random)
  }
}

function values(random: Random): Record<string, unknown> {
  const all = {
    time: 1000 * (1 + random.below(32_767)),
    interval: 1000 + random.below(32_766_000),
    retries: 1 + random.below(127),
    userTimeout: random.oneIn(4) ? 0 : 1 + random.below(2 ** 31 - 1),
    enabled: !random.oneIn(5),
  }
  const left = random.below(32)
  return Object.fromEntries(Object.entries(all).filter((_, index) => (left >> index) % 2 === 0))
}

/** One of the values is anything, or is just outside its limits. */
function partly(random: Random): object {
  const value = random.oneIn(2)
    ? anything(random)
    : random.pick([0, 1, 999, 999.9, 1000.5, 32_767_000, 32_767_001, 127, 128, 2 ** 31 - 1, -2, 4999])
  return { ...values(random), [random.pick(NAMES)]: value }
}

/** One of the values has a getter, which throws, does something, or returns another value each time. */
function withGetter(random: Random, effect: Effect): object {
  const made = values(random)
  const name = random.pick(NAMES)
  const kind = random.below(4)
  const answers = [random.pick([undefined, 0, 30_000, 5, true]), anything(random), 30_000]
  const thrown = random.pick(THROWN)
  const later = random.below(3)
  let asked = 0
  return Object.defineProperty(made, name, {
    enumerable: true,
    get() {
      asked++
      if (kind === 0 && asked > later) throw thrown
      if (kind <= 2) effect(random)
      return answers[asked % 3]
    },
  })
}
