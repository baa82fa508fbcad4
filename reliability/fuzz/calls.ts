/** Calls of every exported function, of the binding beneath, and of Node's own methods as drivers call them. */
import net from 'node:net'
import {
  getKeepAlive,
  getTcpInfo,
  holdKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  type KeepAlive,
  type KeepAliveHold,
  type KeepAliveInstall,
  type KeepAliveOptions,
  outcomeOf,
  type Peer,
  type PeerMatch,
  planKeepAlive,
  probePeer,
  setKeepAlive,
  systemKeepAlive,
  type Target,
} from 'tcp-keepalive'
import { cutOff, type Drill } from 'tcp-keepalive/drill'
import * as native from 'tcp-keepalive/native'
import { descriptorOf } from '../handles.ts'
import type { Random } from '../random.ts'
import { kindOf } from './errors.ts'
import { type Effect, options } from './options.ts'
import type { Chosen, Targets } from './targets.ts'
import { anything, describe, hostile, THROWN } from './values.ts'
import type { World } from './world.ts'

/** A call that is ready to be made. */
export interface Call {
  /** The function. */
  readonly name: string
  /** What is given to it, for a person. */
  readonly given: string
  /** The descriptor whose options it may change, if it succeeds; -1 for none. */
  readonly changes: number
  /** The number that it is given as its target; -1 for none. */
  readonly number: number
  /** Whether the target may throw though it has been set. */
  readonly isHostile: boolean
  /** The binding itself, whose errors have other codes. */
  readonly isRaw: boolean
  /** Node's own call; what that throws is not looked at. */
  readonly isNode: boolean
  /** Makes the call, and throws a {@link Wrong} where the answer is not right. */
  run(): void
}

/** The answer of a call is not right. */
export class Wrong extends Error {}

interface KeptHold {
  readonly hold: KeepAliveHold
  readonly object: net.Socket | net.Server | undefined
}

const MOST_LISTENERS = 6
const MOST_HOLDS = 24
const MOST_INSTALLS = 5
const MOST_DRILLS = 3

/** What a socket holds before a plan. */
const BASE: KeepAlive = { enabled: true, time: 60_000, interval: 5000, retries: 4, userTimeout: 0 }

const VALUES = ['time', 'interval', 'retries', 'userTimeout'] as const

type Maker = (random: Random, effect: Effect) => Partial<Call> & Pick<Call, 'run'>

type Entry = readonly [name: string, make: Maker]

export class Calls {
  readonly #world: World
  readonly #targets: Targets
  readonly #holds: KeptHold[] = []
  readonly #installs: KeepAliveInstall[] = []
  readonly #drills: Drill[] = []
  readonly #table: readonly Entry[]

  constructor(world: World, targets: Targets) {
    this.#world = world
    this.#targets = targets
    const weighed: ReadonlyArray<readonly [times: number, name: string, make: Maker]> = [
      [10, 'setKeepAlive', this.#set],
      [6, 'getKeepAlive', this.#get],
      [6, 'holdKeepAlive', this.#hold],
      [5, 'release', this.#release],
      [3, 'installKeepAlive', this.#install],
      [2, 'uninstall', this.#uninstall],
      [3, 'planKeepAlive', this.#plan],
      [3, 'getTcpInfo', this.#reader(getTcpInfo)],
      [3, 'inspectSocket', this.#reader(inspectSocket)],
      [2, 'probePeer', this.#probe],
      [3, 'outcomeOf', this.#outcome],
      [1, 'cutOff', this.#cutOff],
      [2, 'restore', this.#restore],
      [1, 'systemKeepAlive', (): ReturnType<Maker> => ({ run: () => void systemKeepAlive() })],
      [7, 'native', this.#native],
      [1, 'native', this.#nativeOfProcess],
      [8, 'node', this.#driver],
    ]
    this.#table = weighed.flatMap(([times, name, make]) =>
      Array.from({ length: times }, () => [name, make] as const),
    )
  }

  /** @param effect what a property may do while it is read */
  make(random: Random, effect: Effect): Call {
    // It reads every descriptor of the process.
    const [name, make] = random.oneIn(400)
      ? (['inspectSockets', this.#inspectAll] as const)
      : (random.pick(this.#table) as Entry)
    const call = make(random, effect)
    return {
      name,
      given: '',
      changes: -1,
      number: -1,
      isHostile: false,
      isRaw: name === 'native',
      isNode: name === 'node',
      ...call,
    }
  }

  /** Ends all that is held and installed. */
  endAll(): void {
    for (const { hold } of this.#holds.splice(0)) hold.release()
    for (const install of this.#installs.splice(0)) install.uninstall()
    for (const drill of this.#drills.splice(0)) drill.restore()
  }

  readonly #set: Maker = (random, effect) => {
    const target = this.#targets.choose(random)
    const given = options(random, effect)
    const run = (): void => {
      const before = target.isHostile ? undefined : heldOn(target.fd)
      const state = target.object && stateOf(target.object)
      setKeepAlive(target.value as Target, given as KeepAliveOptions)
      // Only of what is the same each time it is read, and was connected before and after.
      if (!before || !isPlain(given) || (state !== undefined && state !== 'ready')) return
      const wanted = planKeepAlive(given as KeepAliveOptions, before).settings
      const held = heldOn(target.fd)
      // A set finds a deadline's window closed before the next sweep does, and then lifts the user timeout.
      const isLifted = held?.userTimeout === 0 && inspectSocket(target.value as Target).lifted
      sameValues(isLifted ? { ...held, userTimeout: wanted.userTimeout } : held, wanted, 'what was set')
    }
    const number = typeof target.value === 'number' ? target.value : -1
    return { run, given: text(target, given), changes: target.fd, number, isHostile: target.isHostile }
  }

  readonly #get: Maker = (random) => {
    const target = this.#targets.choose(random)
    const run = (): void => {
      const got = getKeepAlive(target.value as Target)
      if (target.fd >= 0 && !target.isHostile) sameValues(got, heldOn(target.fd), 'what was read')
    }
    return { run, given: target.what }
  }

  readonly #hold: Maker = (random, effect) => {
    const target = this.#targets.choose(random)
    const given = options(random, effect)
    const isNumber = typeof target.value === 'number'
    const run = (): void => {
      const hold = holdKeepAlive(target.value as net.Socket, given as KeepAliveOptions)
      this.#holds.push({ hold, object: target.object })
      if (isNumber) throw new Wrong('a number was held')
    }
    if (this.#holds.length >= MOST_HOLDS) this.#holds.shift()?.hold.release()
    const changes = isNumber ? -1 : target.fd
    return { run, given: text(target, given), changes, isHostile: target.isHostile }
  }

  readonly #release: Maker = (random) => {
    const index = random.below(this.#holds.length)
    const [kept] = random.oneIn(4) ? this.#holds.slice(index, index + 1) : this.#holds.splice(index, 1)
    if (!kept) return { run: () => {} }
    const changes = kept.object ? descriptorOf(kept.object) : -1
    return { run: () => kept.hold.release(), given: `hold ${index}`, changes }
  }

  readonly #install: Maker = (random, effect) => {
    const given = options(random, effect)
    const match = this.#match(random)
    const scope = random.oneIn(8) ? anything(random) : { match }
    const run = (): void => {
      const install = installKeepAlive(given as KeepAliveOptions, scope as { match: PeerMatch })
      this.#installs.push(install)
    }
    if (this.#installs.length >= MOST_INSTALLS) this.#installs.shift()?.uninstall()
    return { run, given: `${describe(given)}, ${describe(scope)}` }
  }

  #match(random: Random): unknown {
    const thrown = random.pick(THROWN)
    const text = random.pick([
      '*',
      'localhost:*',
      '127.0.0.0/8',
      '[::1]',
      `*:${this.#world.port}`,
      'x y',
      '*:0',
    ])
    return random.pick([
      undefined,
      text,
      [text, random.pick(['db.internal', 80, 'local*'])],
      this.#world.port,
      // oxlint-disable-next-line no-sparse-arrays -- a list with a hole in it
      [, this.#world.port],
      () => random.oneIn(2),
      (peer: Peer): unknown => (peer.port === this.#world.port ? anything(random) : false),
      () => {
        throw thrown
      },
      // oxlint-disable-next-line unicorn/no-thenable -- as a query builder is one
      () => hostile(random, { then: 1 }),
      anything(random),
    ])
  }

  readonly #uninstall: Maker = (random) => {
    const index = random.below(this.#installs.length)
    const [install] = this.#installs.splice(index, 1)
    return { run: () => install?.uninstall(), given: `install ${index}` }
  }

  readonly #plan: Maker = (random, effect) => {
    const given = options(random, effect)
    const base = random.pick([undefined, BASE, anything(random)])
    const run = (): void => {
      const { settings, detection } = planKeepAlive(given as KeepAliveOptions, base as KeepAlive)
      const times = [detection.idle, detection.write ?? 1, detection.connect ?? 1]
      if (times.some((time) => !(time > 0))) throw new Wrong(`detection ${times.join(' ')}`)
      if (VALUES.some((name) => !isNumberOrNone(settings[name]))) throw new Wrong(describe(settings))
    }
    return { run, given: `${describe(given)}, ${describe(base)}` }
  }

  #reader(read: (target: Target) => object): Maker {
    return (random) => {
      const target = this.#targets.choose(random)
      return { run: () => void read(target.value as Target), given: target.what }
    }
  }

  /** Seldom, as the kernel keeps what is closed while it is cut off for minutes. */
  readonly #cutOff: Maker = (random) => {
    const target = this.#targets.choose(random)
    if (!random.oneIn(10)) return { run: () => {} }
    const run = (): void => void this.#drills.push(cutOff(target.value as Target))
    if (this.#drills.length >= MOST_DRILLS) this.#drills.shift()?.restore()
    return { run, given: target.what }
  }

  readonly #restore: Maker = (random) => {
    const index = random.below(this.#drills.length)
    const [drill] = random.oneIn(4) ? this.#drills.slice(index, index + 1) : this.#drills.splice(index, 1)
    return { run: () => drill?.restore(), given: `drill ${index}` }
  }

  readonly #probe: Maker = (random) => {
    const target = this.#targets.choose(random)
    const within = random.pick([100, 5000, 99, anything(random)])
    const run = (): void => {
      // Whoever was silent for a second would have other values until the answer, which the next comparison would find.
      const given = isSilent(target.fd) ? { within: 0 } : { within }
      void checkProbe(target, given as { within: number })
    }
    return { run, given: target.what }
  }

  readonly #inspectAll: Maker = () => ({ run: compareAll })

  readonly #outcome: Maker = (random) => {
    const inner = random.pick([
      { code: 'ETIMEDOUT' },
      { code: 'ECONNRESET', syscall: 'connect' },
      anything(random),
    ])
    const error = new Error('outer', { cause: inner })
    if (random.oneIn(9)) error.cause = error
    const given = random.pick([inner, error, anything(random), hostile(random, error)])
    const run = (): void => {
      const outcome = outcomeOf(given)
      if (![undefined, 'no-answer', 'reset', 'unreachable'].includes(outcome))
        throw new Wrong(String(outcome))
    }
    return { run, given: describe(given) }
  }

  /** With arguments of any type, and arrays of any length. */
  readonly #native: Maker = (random) => {
    const target = this.#targets.choose(random)
    const fd = typeof target.value === 'number' || random.oneIn(3) ? target.value : target.fd
    const array = random.oneIn(4) ? anything(random) : arrayOf(random)
    const number = (): unknown => (random.oneIn(6) ? anything(random) : random.below(300) - 2)
    const given = [fd, array, number(), number(), number(), number()]
    const [name, args] = random.pick([
      ['setKeepAlive', [fd, random.oneIn(4) ? anything(random) : true, ...given.slice(2)]],
      ['setKeepAlive', [fd, false, ...given.slice(2)]],
      ['getKeepAlive', given],
      ['getTcpInfo', given],
      ['inspectSocket', given],
      ['setWhatIsTaken', [fd, true, ...given.slice(2), array]],
      ['setUserTimeout', [fd, number(), number()]],
      ['getUserTimeout', given],
      ['getHopMinimum', given],
      ['setHopMinimum', [fd, hops(random), hops(random)]],
      ['setConnectTimeout', [fd, number()]],
      ['readWindows', [array, number()]],
      ['tryKeepAlive', [true, ...given.slice(2)]],
      ['systemKeepAlive', [array]],
      ['optionName', [number()]],
      ['findDescriptor', [array, fd]],
    ])
    const call = native[name as 'getKeepAlive'] as (...args: unknown[]) => unknown
    const changes = name.startsWith('set') && typeof fd === 'number' ? fd : -1
    return { run: () => void call(...args), given: `${name}(${args.map(describe).join(', ')})`, changes }
  }

  /** What looks at all sockets of a process: only what changes none of them, as each might be somebody's target. */
  readonly #nativeOfProcess: Maker = (random) => {
    const target = this.#targets.choose(random)
    const fd = random.oneIn(3) ? target.value : target.fd
    const array = random.oneIn(4) ? anything(random) : arrayOf(random)
    const number = (): unknown => (random.oneIn(3) ? anything(random) : random.below(2 ** 20))
    // Of no stranger.
    const pid = random.pick([process.pid, process.ppid, 0, -1, 2 ** 31, '', undefined])
    // A look that was begun is a thread each.
    const isBegun = random.oneIn(20)
    const [name, args] = random.pick([
      ['excludeFromReach', [fd]],
      ['shareMatch', [number(), random.oneIn(2)]],
      ['endLooking', [number()]],
      ['lookForConnections', [number(), array, 0]],
      ['adoptConnections', [number(), array, number(), array]],
      ['inspectProcess', [number(), pid, array]],
      ['duplicateSocket', [pid, fd]],
      ['closeDuplicate', [random.oneIn(2) ? fd : number()]],
      ...(isBegun ? [['beginLooking', [array]] as const, ['tcpTimers', [array]] as const] : []),
    ])
    const call = native[name as 'getKeepAlive'] as (...args: unknown[]) => unknown
    const run = (): void => {
      const answer = call(...args)
      if (name === 'duplicateSocket' && Number(answer) >= 0) native.closeDuplicate(Number(answer))
      if (name === 'beginLooking') lookOnce(Number(answer))
    }
    return { run, given: `${name}(${args.map(describe).join(', ')})` }
  }

  /** Node's own methods, as drivers call them. */
  readonly #driver: Maker = (random) => {
    const { accepted, slots } = this.#world
    const sockets = [...slots.map(({ object }) => object), ...accepted]
    const socket = random.pick(sockets)
    // Before there is a handle Node adds a listener of its own for each call.
    if (!(socket instanceof net.Socket) || socket.listenerCount('connect') > MOST_LISTENERS)
      return { run: () => {} }
    const args = random.pick([
      [true, 1000 * random.below(60_000)],
      [true, random.below(5000)],
      [false],
      [true],
      [],
      [anything(random), 60_000],
    ]) as [boolean, number]
    const run = (): void => {
      if (socket.setKeepAlive(...args) !== socket) throw new Wrong('setKeepAlive() returned another socket')
    }
    return { run, given: `setKeepAlive(${args.map(describe).join(', ')})`, changes: descriptorOf(socket) }
  }
}

/** What is reported of all sockets against what each holds. */
function compareAll(): void {
  for (const { descriptor, keepAlive } of inspectSockets()) {
    sameValues(keepAlive, heldOn(descriptor), `what was reported of ${descriptor}`)
  }
}

/** Looks at all sockets, and adopts none. */
function lookOnce(id: number): void {
  const rows = new Int32Array(16 * 4)
  for (let patience = 0; patience < 100; patience++) {
    if (native.lookForConnections(id, rows, 50) !== -2) break
  }
  native.endLooking(id)
}

/** Few enough for loopback, whose packets have 64: a listener that hears nothing would end the run. */
function hops(random: Random): unknown {
  return random.oneIn(6) ? describe(anything(random)) : random.below(60) - 2
}

async function checkProbe(target: Chosen, given: { within: number }): Promise<void> {
  try {
    const answer: unknown = await probePeer(target.value as Target, given)
    if (typeof answer !== 'boolean') throw new Wrong('the answer is none')
  } catch (error) {
    if (kindOf(error) === undefined) throw new Wrong(`probePeer ${target.what}`, { cause: error })
  }
}

const read = new Int32Array(5)
const info = new Int32Array(10)

/** Nearly a second, so that it is not one a moment later. */
function isSilent(fd: number): boolean {
  return fd >= 0 && native.getTcpInfo(fd, info) === 0 && (info[1] ?? 0) >= 500
}

/** Past the package's TypeScript; `undefined` for what is no TCP socket. */
function heldOn(fd: number): KeepAlive | undefined {
  if (fd < 0 || native.getKeepAlive(fd, read) !== 0) return undefined
  const [enabled = 0, time = 0, interval = 0, retries = 0, userTimeout = 0] = read
  return { enabled: enabled === 1, time: time * 1000, interval: interval * 1000, retries, userTimeout }
}

function sameValues(got: KeepAlive | undefined, wanted: KeepAlive | undefined, what: string): void {
  const differs = (['enabled', ...VALUES] as const).some((name) => got?.[name] !== wanted?.[name])
  if (differs) throw new Wrong(`${what} is ${describe(got)}, not ${describe(wanted)}`)
}

/** Whether a set is carried out at once. */
function stateOf(object: net.Socket | net.Server): 'ready' | 'not ready' {
  if (object instanceof net.Socket) return object.connecting || object.destroyed ? 'not ready' : 'ready'
  return object.listening ? 'ready' : 'not ready'
}

/** Whether it says the same however often it is read. */
function isPlain(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return true
  return Object.getPrototypeOf(options) === Object.prototype && !hasGetter(options)
}

function hasGetter(options: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(options)).some(({ get }) => get !== undefined)
}

function isNumberOrNone(value: unknown): boolean {
  return value === undefined || Number.isFinite(value)
}

function arrayOf(random: Random): Int32Array {
  const array = new Int32Array(random.pick([0, 1, 4, 5, 9, 10, 25, 26, 60]))
  return random.oneIn(3) ? array.subarray(random.below(3)) : array
}

function text(target: Chosen, given: unknown): string {
  return `${target.what}, ${describe(given)}`
}
