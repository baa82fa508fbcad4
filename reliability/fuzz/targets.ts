/** Everything that a program may pass as a target: open sockets, closed ones, numbers of every kind, and invalid targets. */
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import { descriptorOf } from '../handles.ts'
import type { Random } from '../random.ts'
import type { Bystanders } from './bystanders.ts'
import { anything, hostile, NUMBERS } from './values.ts'
import type { World } from './world.ts'

export interface Chosen {
  readonly value: unknown
  readonly what: string
  /** The descriptor that a call may change with it; -1 for none. */
  readonly fd: number
  /** The socket or server that it is, or stands for. */
  readonly object: net.Socket | net.Server | undefined
  /** Whether reading it may throw, also after it has been set. */
  readonly isHostile: boolean
}

export class Targets {
  readonly #world: World
  readonly #bystanders: Bystanders
  readonly #opened: readonly number[]
  /** Files, a terminal, and Node's own descriptors: pipes, epoll, eventfd, io_uring. */
  readonly #notSockets: readonly number[]

  constructor(world: World, bystanders: Bystanders) {
    this.#world = world
    this.#bystanders = bystanders
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
    const what = slot?.kind ?? 'accepted'
    return { value: object, what, fd: descriptorOf(object), object, isHostile: false }
  }

  /** Never that of a bystander: a call with this number may change it. */
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

  /** Values that rounding, truncating to 32 bits or parsing would turn into a bystander's number. */
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
      random.pick(NUMBERS),
    ])
    return { value, what: `nearly ${number}`, fd: -1, object: undefined, isHostile: true }
  }

  /** An open socket behind a proxy or as a prototype, or an object that only looks like a socket. */
  #disguised(random: Random): Chosen {
    const { object = new net.Socket(), fd } = this.#object(random)
    const fds = ['17', 2 ** 40, -3].map((fd) => ({ fd }))
    const handle = random.pick([5, null, '17', {}, Object.create(null), ...fds])
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
        return false // the descriptor of this listing
      }
    })
}
