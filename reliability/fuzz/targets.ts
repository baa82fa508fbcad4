/** Whatever may be given as a target: live sockets, dead ones, numbers of every kind, and what is no target at all. */
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import { descriptorOf } from '../handles.ts'
import type { Random } from '../random.ts'
import type { Bystanders } from './bystanders.ts'
import { anything, hostile } from './values.ts'
import type { World } from './world.ts'

export interface Chosen {
  readonly value: unknown
  readonly what: string
  /** The descriptor that a call with it may change; -1 for none. */
  readonly fd: number
  /** The socket or server of the world behind it. */
  readonly object: net.Socket | net.Server | undefined
  /** Whether looking at it may throw at any moment, also when it has been set already. */
  readonly isHostile: boolean
}

const NEVER_OPEN = [
  -1,
  -2,
  -22,
  Number.NaN,
  0.5,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 31),
  1e300,
  Infinity,
]

export class Targets {
  readonly #world: World
  readonly #bystanders: Bystanders
  readonly #opened: readonly number[]
  /** Files, a terminal, and what Node keeps open itself: pipes, epoll, eventfd, io_uring. */
  readonly #notSockets: readonly number[]

  constructor(world: World, bystanders: Bystanders) {
    this.#world = world
    this.#bystanders = bystanders
    // A terminal, made for this.
    this.#opened = ['/dev/null', '/dev/ptmx', '/proc/self/status', '/tmp'].map((path) => openSync(path, 'r'))
    this.#notSockets = [0, 1, 2, ...this.#opened, ...descriptorsOfNode()]
  }

  close(): void {
    for (const fd of this.#opened) closeSync(fd)
  }

  choose(random: Random): Chosen {
    const choice = random.below(20)
    if (choice < 11) return this.#object(random)
    if (choice < 14) return this.#number(random)
    if (choice < 16) return this.#nearly(random)
    if (choice < 18) return this.#disguised(random)
    return { value: anything(random), what: 'anything', fd: -1, object: undefined, isHostile: true }
  }

  #object(random: Random): Chosen {
    const { slots, accepted } = this.#world
    const index = random.below(slots.length + accepted.length)
    const slot = slots[index]
    const object = slot?.object ?? accepted[index - slots.length] ?? new net.Socket()
    return {
      value: object,
      what: slot?.kind ?? 'accepted',
      fd: descriptorOf(object),
      object,
      isHostile: false,
    }
  }

  /** Never that of a bystander: a program that gives the very number means that socket. */
  #number(random: Random): Chosen {
    const { formerNumbers, slots } = this.#world
    const slot = random.pick(slots)
    const number =
      random.pick([
        random.pick(this.#notSockets),
        random.pick(this.#bystanders.notTcp),
        random.pick(formerNumbers),
        slot && descriptorOf(slot.object),
        random.below(64),
      ]) ?? -1
    const fd = this.#bystanders.numbers.has(number) ? -1 : number
    return { value: fd, what: `the number ${fd}`, fd, object: undefined, isHostile: false }
  }

  /** What would be a bystander's number if it were rounded, cut to 32 bits or read from a text. */
  #nearly(random: Random): Chosen {
    const number = random.pick([...this.#bystanders.numbers]) ?? 0
    const value = random.pick([
      number + 2 ** 32,
      number - 2 ** 32,
      number + 2 ** 53,
      number + 0.5,
      -number,
      number - 2 ** 31,
      String(number),
      BigInt(number),
      [number],
      { fd: number },
      { _handle: { fd: number } },
      new Number(number),
      new net.Socket().once('x', () => number),
      random.pick(NEVER_OPEN),
    ])
    return { value, what: `nearly ${number}`, fd: -1, object: undefined, isHostile: true }
  }

  /** A live object behind a proxy or as a prototype, or what says that it is a socket. */
  #disguised(random: Random): Chosen {
    const { object = new net.Socket(), fd } = this.#object(random)
    const handle = random.pick([
      5,
      null,
      '17',
      {},
      Object.create(null),
      { fd: '17' },
      { fd: 2 ** 40 },
      { fd: -3 },
    ])
    const value = random.pick([
      new Proxy(object, {}),
      hostile(random, object),
      hostile(random, object),
      Object.create(object),
      Object.create(net.Socket.prototype),
      Object.create(net.Server.prototype),
      Object.create(net.Socket.prototype, { _handle: { value: handle } }),
      Object.create(net.Server.prototype, { _handle: { value: handle } }),
    ])
    return { value, what: 'disguised', fd, object, isHostile: true }
  }
}

function descriptorsOfNode(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
      } catch {
        return false // the one that listed them
      }
    })
}
