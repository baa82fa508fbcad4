/** Calls of every exported function, of the native binding, and of Node's own methods as drivers call them. */
import net from 'node:net'
import * as ours from 'tcp-keepalive'
import type { KeepAlive, KeepAliveOptions, Peer, PeerMatch, Target } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import * as native from 'tcp-keepalive/native'
import { descriptorOf } from '../handles.ts'
import type { Random } from '../random.ts'
import { kindOf } from './errors.ts'
import { type Effect, options } from './options.ts'
import type { Chosen, Targets } from './targets.ts'
import { anything, describe, hostile, THROWN } from './values.ts'
import type { World } from './world.ts'

export interface Call {
  readonly name: string
  readonly given: string
  /** The descriptor whose options it may change if it succeeds; -1 for none. */
  readonly changes: number
  /** The number that is its target; -1 for none. */
  readonly number: number
  /** Whether reading the target may throw after it has been set. */
  readonly isHostile: boolean
  /** Makes the call, and throws a {@link Wrong} if the answer is wrong. */
  run(): void
}

export class Wrong extends Error {}

/** A hold, an install or a drill that a later call ends. */
interface Open {
  end(): void
  readonly object?: net.Socket | net.Server | undefined
}

/** If there are more, the oldest ends. A drill's limit is small because the kernel keeps what closes while it is cut off for minutes. */
const MOST = { hold: 24, install: 5, drill: 3 }

type Kind = keyof typeof MOST

const MOST_LISTENERS = 6

/** The values of a socket before a plan. */
const BASE: KeepAlive = { enabled: true, time: 60_000, interval: 5000, retries: 4, userTimeout: 0 }

const VALUES = ['time', 'interval', 'retries', 'userTimeout'] as const

type NativeCall = readonly [name: keyof typeof native, args: readonly unknown[]]
type NativeCalls = readonly [NativeCall, ...NativeCall[]]

/** Each call of these starts a thread. */
const THREADS = ['beginLooking', 'tcpTimers'] as const

type Maker = (random: Random, effect: Effect) => Partial<Call> & Pick<Call, 'run'>

export class Calls {
  readonly #world: World
  readonly #targets: Targets
  readonly #open: Readonly<Record<Kind, Open[]>> = { hold: [], install: [], drill: [] }
  readonly #table: ReadonlyArray<readonly [name: string, make: Maker]>

  constructor(world: World, targets: Targets) {
    this.#world = world
    this.#targets = targets
    const weighed: ReadonlyArray<readonly [times: number, name: string, make: Maker]> = [
      [10, 'setKeepAlive', this.#set],
      [6, 'getKeepAlive', this.#get],
      [6, 'holdKeepAlive', this.#hold],
      [5, 'release', this.#ending('hold')],
      [3, 'installKeepAlive', this.#install],
      [2, 'uninstall', this.#ending('install')],
      [3, 'planKeepAlive', this.#plan],
      [3, 'getTcpInfo', this.#reader((target) => ours.getTcpInfo(target))],
      [3, 'inspectSocket', this.#reader((target) => ours.inspectSocket(target))],
      [2, 'probePeer', this.#probe],
      [3, 'outcomeOf', this.#outcome],
      [1, 'cutOff', this.#cutOff],
      [2, 'restore', this.#ending('drill')],
      [1, 'systemKeepAlive', (): ReturnType<Maker> => ({ run: () => void ours.systemKeepAlive() })],
      [8, 'native', this.#native],
      [8, 'node', this.#driver],
    ]
    this.#table = weighed.flatMap(([times, name, make]) =>
      Array.from({ length: times }, () => [name, make] as const),
    )
  }

  /** @param effect what a getter may do when it is read */
  make(random: Random, effect: Effect): Call {
    // Rarely: it reads every descriptor of the process.
    const isAll = random.oneIn(400)
    const [name, make] = (!isAll && random.pick(this.#table)) || [
      'inspectSockets',
      () => ({ run: compareAll }),
    ]
    return { name, given: '', changes: -1, number: -1, isHostile: false, ...make(random, effect) }
  }

  endAll(): void {
    for (const open of Object.values(this.#open)) for (const { end } of open.splice(0)) end()
  }

  /** Ends the oldest of a kind if there is no room for another. */
  #makeRoom(kind: Kind): void {
    if (this.#open[kind].length >= MOST[kind]) this.#open[kind].shift()?.end()
  }

  /** Ends any of a kind, some of them twice. */
  #ending(kind: Kind): Maker {
    return (random) => {
      const open = this.#open[kind]
      const index = random.below(open.length)
      const [one] = random.oneIn(4) ? open.slice(index, index + 1) : open.splice(index, 1)
      const changes = one?.object ? descriptorOf(one.object) : -1
      return { run: () => one?.end(), given: `${kind} ${index}`, changes }
    }
  }

  readonly #set: Maker = (random, effect) => {
    const target = this.#targets.choose(random)
    const given = options(random, effect)
    const run = (): void => {
      const before = target.isHostile ? undefined : valuesOf(target.fd)
      const isReady = !target.object || isSetAtOnce(target.object)
      ours.setKeepAlive(target.value as Target, given as KeepAliveOptions)
      // Options that change from one reading to the next have no expected result.
      if (!before || !isPlain(given) || !isReady) return
      const wanted = ours.planKeepAlive(given as KeepAliveOptions, before).settings
      const now = valuesOf(target.fd)
      // A set lifts the user timeout if it finds the window of a socket with a deadline closed.
      const isLifted = now?.userTimeout === 0 && ours.inspectSocket(target.value as Target).lifted
      sameValues(isLifted ? { ...now, userTimeout: wanted.userTimeout } : now, wanted, 'what was set')
    }
    const number = typeof target.value === 'number' ? target.value : -1
    const what = `${target.what}, ${describe(given)}`
    return { run, given: what, changes: target.fd, number, isHostile: target.isHostile }
  }

  readonly #get: Maker = this.#reader((value, { fd, isHostile }) => {
    const got = ours.getKeepAlive(value)
    if (fd >= 0 && !isHostile) sameValues(got, valuesOf(fd), 'what was read')
  })

  readonly #hold: Maker = (random, effect) => {
    const target = this.#targets.choose(random)
    const given = options(random, effect)
    const isNumber = typeof target.value === 'number'
    const run = (): void => {
      const hold = ours.holdKeepAlive(target.value as net.Socket, given as KeepAliveOptions)
      this.#open.hold.push({ end: () => hold.release(), object: target.object })
      if (isNumber) throw new Wrong('a number was held')
    }
    this.#makeRoom('hold')
    const changes = isNumber ? -1 : target.fd
    return { run, given: `${target.what}, ${describe(given)}`, changes, isHostile: target.isHostile }
  }

  readonly #install: Maker = (random, effect) => {
    const given = options(random, effect)
    const scope = random.oneIn(8) ? anything(random) : { match: this.#match(random) }
    const run = (): void => {
      const install = ours.installKeepAlive(given as KeepAliveOptions, scope as { match: PeerMatch })
      this.#open.install.push({ end: () => install.uninstall() })
    }
    this.#makeRoom('install')
    return { run, given: `${describe(given)}, ${describe(scope)}` }
  }

  #match(random: Random): unknown {
    const { port } = this.#world
    const thrown = random.pick(THROWN)
    const text = random.pick(['*', 'localhost:*', '127.0.0.0/8', '[::1]', `*:${port}`, 'x y', '*:0'])
    return random.pick([
      undefined,
      text,
      [text, random.pick(['db.internal', 80, 'local*'])],
      port,
      // oxlint-disable-next-line no-sparse-arrays -- a list with a hole in it
      [, port],
      () => random.oneIn(2),
      (peer: Peer): unknown => (peer.port === port ? anything(random) : false),
      () => {
        throw thrown
      },
      // oxlint-disable-next-line unicorn/no-thenable -- as a query builder is one
      () => hostile(random, { then: 1 }),
      anything(random),
    ])
  }

  readonly #plan: Maker = (random, effect) => {
    const given = options(random, effect)
    const base = random.pick([undefined, BASE, anything(random)])
    const run = (): void => {
      const { settings, detection } = ours.planKeepAlive(given as KeepAliveOptions, base as KeepAlive)
      const times = [detection.idle, detection.write ?? 1, detection.connect ?? 1]
      if (times.some((time) => !(time > 0))) throw new Wrong(`detection ${times.join(' ')}`)
      if (VALUES.some((name) => !Number.isFinite(settings[name] ?? 0))) throw new Wrong(describe(settings))
    }
    return { run, given: `${describe(given)}, ${describe(base)}` }
  }

  #reader(read: (target: Target, chosen: Chosen) => unknown): Maker {
    return (random) => {
      const chosen = this.#targets.choose(random)
      return { run: () => void read(chosen.value as Target, chosen), given: chosen.what }
    }
  }

  readonly #cutOff: Maker = (random) => {
    const target = this.#targets.choose(random)
    if (!random.oneIn(10)) return { run: () => {} }
    const run = (): void => {
      const drill = cutOff(target.value as Target)
      this.#open.drill.push({ end: () => drill.restore() })
    }
    this.#makeRoom('drill')
    return { run, given: target.what }
  }

  readonly #probe: Maker = (random) => {
    const target = this.#targets.choose(random)
    const within = random.pick([100, 5000, 99, anything(random)])
    // A silent socket has other values until its peer answers, and the next comparison would find them.
    const run = (): void => void checkProbe(target, { within: isSilent(target.fd) ? 0 : within })
    return { run, given: target.what }
  }

  readonly #outcome: Maker = (random) => {
    const codes = [{ code: 'ETIMEDOUT' }, { code: 'ECONNRESET', syscall: 'connect' }]
    const inner = random.pick([...codes, anything(random)])
    const error = new Error('outer', { cause: inner })
    if (random.oneIn(9)) error.cause = error
    const given = random.pick([inner, error, anything(random), hostile(random, error)])
    const run = (): void => {
      const outcome = ours.outcomeOf(given)
      const isKnown = [undefined, 'no-answer', 'reset', 'unreachable'].includes(outcome)
      if (!isKnown) throw new Wrong(String(outcome))
    }
    return { run, given: describe(given) }
  }

  /** With arguments of any type, and arrays of any length. */
  readonly #native: Maker = (random) => {
    const target = this.#targets.choose(random)
    const fd = typeof target.value === 'number' || random.oneIn(3) ? target.value : target.fd
    const array = random.oneIn(4) ? anything(random) : arrayOf(random)
    const number = (): unknown => (random.oneIn(6) ? anything(random) : random.below(300) - 2)
    const id = (): unknown => (random.oneIn(3) ? anything(random) : random.below(2 ** 20))
    const given = [fd, array, number(), number(), number(), number()]
    const ofSocket: NativeCalls = [
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
    ]
    // Of this process and its parent only.
    const pid = random.pick([process.pid, process.ppid, 0, -1, 2 ** 31, '', undefined])
    // Functions on all sockets of a process: only those that change none, because each may be a target.
    const ofProcess: NativeCalls = [
      ['excludeFromReach', [fd]],
      ['shareMatch', [id(), random.oneIn(2)]],
      ['endLooking', [id()]],
      ['lookForConnections', [id(), array, 0]],
      ['adoptConnections', [id(), array, id(), array]],
      ['inspectProcess', [id(), pid, array]],
      ['duplicateSocket', [pid, fd]],
      ['closeDuplicate', [random.oneIn(2) ? fd : id()]],
      ...(random.oneIn(20) ? THREADS.map((name): NativeCall => [name, [array]]) : []),
    ]
    const [name, args] = random.pick(random.oneIn(8) ? ofProcess : ofSocket)
    const call = native[name] as (...args: readonly unknown[]) => unknown
    const run = (): void => {
      const answer = call(...args)
      if (name === 'duplicateSocket' && Number(answer) >= 0) native.closeDuplicate(Number(answer))
      if (name === 'beginLooking') lookOnce(Number(answer))
    }
    const changes = name.startsWith('set') && typeof fd === 'number' ? fd : -1
    return { run, given: `${name}(${args.map(describe).join(', ')})`, changes }
  }

  /** Node's own methods, as drivers call them. */
  readonly #driver: Maker = (random) => {
    const { accepted, slots } = this.#world
    const socket = random.pick([...slots.map(({ object }) => object), ...accepted])
    // Before a socket has a handle, Node adds a listener for each call.
    if (!(socket instanceof net.Socket) || socket.listenerCount('connect') > MOST_LISTENERS)
      return { run: () => {} }
    const times = [
      [true, 1000 * random.below(60_000)],
      [true, random.below(5000)],
    ] as const
    const args = random.pick([...times, [false], [true], [], [anything(random), 60_000]]) as [boolean, number]
    const run = (): void => {
      if (socket.setKeepAlive(...args) !== socket) throw new Wrong('setKeepAlive() returned another socket')
    }
    return { run, given: `setKeepAlive(${args.map(describe).join(', ')})`, changes: descriptorOf(socket) }
  }
}

/** Compares what is reported of all sockets with the kernel's values of each. */
function compareAll(): void {
  for (const { descriptor, keepAlive } of ours.inspectSockets()) {
    sameValues(keepAlive, valuesOf(descriptor), `what was reported of ${descriptor}`)
  }
}

/** Scans all sockets, and adopts none. */
function lookOnce(id: number): void {
  const rows = new Int32Array(16 * 4)
  for (let attempt = 0; attempt < 100 && native.lookForConnections(id, rows, 50) === -2; attempt++);
  native.endLooking(id)
}

/** Less than the 64 hops of loopback's packets: a listener that receives nothing would end the run. */
function hops(random: Random): unknown {
  return random.oneIn(6) ? describe(anything(random)) : random.below(60) - 2
}

async function checkProbe(target: Chosen, given: { within: unknown }): Promise<void> {
  try {
    const answer: unknown = await ours.probePeer(target.value as Target, given as { within: number })
    if (typeof answer !== 'boolean') throw new Wrong('the answer is no boolean')
  } catch (error) {
    if (kindOf(error) === undefined) throw new Wrong(`probePeer ${target.what}`, { cause: error })
  }
}

const read = new Int32Array(5)
const info = new Int32Array(10)

/** Whether the last packet came half a second ago or earlier; a probe is sent after one second. */
function isSilent(fd: number): boolean {
  return fd >= 0 && native.getTcpInfo(fd, info) === 0 && (info[1] ?? 0) >= 500
}

/** Read by the binding alone; `undefined` if it is no TCP socket. */
function valuesOf(fd: number): KeepAlive | undefined {
  if (fd < 0 || native.getKeepAlive(fd, read) !== 0) return undefined
  const [enabled = 0, time = 0, interval = 0, retries = 0, userTimeout = 0] = read
  return { enabled: enabled === 1, time: time * 1000, interval: interval * 1000, retries, userTimeout }
}

function sameValues(got: KeepAlive | undefined, wanted: KeepAlive | undefined, what: string): void {
  const differs = (['enabled', ...VALUES] as const).some((name) => got?.[name] !== wanted?.[name])
  if (differs) throw new Wrong(`${what} is ${describe(got)}, not ${describe(wanted)}`)
}

function isSetAtOnce(object: net.Socket | net.Server): boolean {
  return object instanceof net.Socket ? !object.connecting && !object.destroyed : object.listening
}

/** Whether each reading gives the same values. */
function isPlain(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return true
  const properties = Object.values(Object.getOwnPropertyDescriptors(options))
  return Object.getPrototypeOf(options) === Object.prototype && properties.every(({ get }) => !get)
}

function arrayOf(random: Random): Int32Array {
  const array = new Int32Array(random.pick([0, 1, 4, 5, 9, 10, 29, 30, 60]))
  return random.oneIn(3) ? array.subarray(random.below(3)) : array
}
