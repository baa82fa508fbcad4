/**
 * The child process of the fuzzer: one round of random calls, from one seed. After each few calls all sockets are read
 * back, and whatever has changed without having been the target of one of them ends the round; so does an error that
 * no call may end in, a warning, or anything uncaught.
 */
import { subscribe } from 'node:diagnostics_channel'
import net from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { KeepAliveFailure } from 'tcp-keepalive'
import { descriptorOf, openDescriptors } from '../handles.ts'
import { Random } from '../random.ts'
import { Bystanders } from './bystanders.ts'
import { type Call, Calls } from './calls.ts'
import { codeOf, kindOf } from './errors.ts'
import { type Message, noTotals, type Round } from './messages.ts'
import { Targets } from './targets.ts'
import { Trace } from './trace.ts'
import { Watch } from './watch.ts'
import { type Slot, World } from './world.ts'

/** Calls between two looks at all sockets, and such groups in one turn of the event loop. */
const GROUP = 8
const GROUPS = 4

/** What happens to the sockets themselves before each turn's calls. */
const STEPS = 2

/** A property that is read may make calls whose options have properties, and so on. */
const DEEPEST = 3

const PROGRESS_EVERY_MS = 250

const LONGEST_END_MS = 30_000
/** The longest time between two looks at the sockets with a deadline, and as much again for a busy machine. */
const LONGEST_SWEEP_MS = 120_000

/** Most calls end in an error here, and what an error costs is its stack. */
Error.stackTraceLimit = 3

const METHODS = ['setKeepAlive', 'connect', '_destroy'] as const

const round = JSON.parse(process.argv[2] ?? '') as Round
const totals = noTotals()

function tell(message: Message): void {
  process.send?.(message)
}

/** The first is told; nothing is done after it. */
function failed(reason: unknown): void {
  process.send?.({ kind: 'failed', reason: inspect(reason) } satisfies Message, () => process.exit(1))
}

process.on('uncaughtException', (error) => failed(new Error('uncaught', { cause: error })))
process.on('unhandledRejection', (error) => failed(new Error('unhandled rejection', { cause: error })))

let warnings = 0
process.on('warning', (warning) => {
  // It is given once, and everything that can be reported is made to happen here.
  const isOurs = (warning as NodeJS.ErrnoException).code === 'TCP_KEEPALIVE_NOT_SET' && warnings++ === 0
  if (!isOurs && !isOfNode(warning)) failed(new Error('a warning', { cause: warning }))
})

/**
 * Of a socket that is still connecting, each write and each `setKeepAlive` of Node's own waits with a listener of its
 * own, which is gone once it was called. The package has two that stay, however often it is called.
 */
function isOfNode(warning: Error): boolean {
  const { emitter, type } = warning as { emitter?: net.Socket; type?: string }
  if (warning.name !== 'MaxListenersExceededWarning' || !emitter || type !== 'connect') return false
  const staying = emitter.rawListeners('connect').filter((listener) => !('listener' in listener)) // once() wraps
  return staying.length <= 2
}

subscribe('tcp-keepalive:error', (message) => {
  const { error } = message as KeepAliveFailure
  const isOfMatch = (error as { code?: unknown } | undefined)?.code === 'ERR_INVALID_RETURN_VALUE'
  if (!isOfMatch && kindOf(error) === undefined) failed(new Error('reported', { cause: error }))
})

class Fuzzer {
  readonly #world: World
  readonly #bystanders: Bystanders
  readonly #calls: Calls
  readonly #watch = new Watch()
  readonly #trace: Trace
  /** The descriptors that the calls of this group may have changed. */
  readonly #allowed = new Set<number>()
  /** The numbers that the calls under way were given: with them a program means whatever has that number. */
  readonly #given: number[] = []
  #index = 0

  constructor(world: World, bystanders: Bystanders, targets: Targets, trace: Trace) {
    this.#world = world
    this.#bystanders = bystanders
    this.#calls = new Calls(world, targets)
    this.#trace = trace
  }

  async run(): Promise<void> {
    let told = Date.now()
    for (let index = 0; totals.calls < round.calls; index++) {
      const now = Date.now()
      if (round.until !== null && now >= round.until) break
      if (now - told >= PROGRESS_EVERY_MS) {
        told = now
        tell({ kind: 'progress', calls: totals.calls })
      }
      // Each turn's choices are its own, so that the runs of a seed are alike however the network's events fall.
      this.#turn(new Random(Math.imul(round.seed, 1_000_003) + index))
      await turn()
      this.#bystanders.check()
    }
    this.#trace.add(this.#index++, 'the end: all is released, closed and compared')
    this.#calls.endAll()
    this.#bystanders.check()
    totals.readings = this.#watch.readings + this.#bystanders.readings
    totals.foreign = this.#bystanders.foreign
    totals.reused = this.#bystanders.reused
  }

  #turn(random: Random): void {
    for (let step = 0; step < STEPS; step++)
      this.#trace.add(this.#index++, `step: ${this.#world.step(random)}`)
    this.#watch.forgetAll()
    this.#watch.addAll(this.#world.objects(), 'a socket that was no target')
    for (let group = 0; group < GROUPS; group++) {
      this.#allowed.clear()
      for (let call = 0; call < GROUP; call++) this.#call(random)
      this.#watch.check(this.#allowed)
      this.#bystanders.check()
    }
    this.#bystanders.closeForeign()
  }

  #call(random: Random): void {
    const call = this.#calls.make(random, (random) => this.#effect(random))
    this.#trace.add(this.#index++, `${call.name} ${call.given}`)
    count(call)
    this.#given.push(call.number)
    try {
      call.run()
      if (call.changes >= 0) this.#allowed.add(call.changes)
    } catch (error) {
      this.#thrown(call, error)
    } finally {
      this.#given.pop()
    }
  }

  #thrown(call: Call, error: unknown): void {
    if (call.isNode) {
      if (call.changes >= 0) this.#allowed.add(call.changes)
      return
    }
    const kind = kindOf(error, call.isRaw)
    if (kind === undefined) throw new Error(`${call.name} ${call.given} threw`, { cause: error })
    const code = codeOf(error, kind)
    totals.byCode[code] = (totals.byCode[code] ?? 0) + 1
    // What is refused has changed nothing; only the kernel may have taken some of the values.
    if (call.changes >= 0 && (kind === 'system' || call.isHostile)) this.#allowed.add(call.changes)
  }

  /** What a property does while a call reads it: ends the target, opens another under its number, calls again. */
  #effect(random: Random): void {
    const choice = random.below(6)
    if (this.#given.length >= DEEPEST || choice === 0) return
    if (choice <= 2) {
      this.#call(random)
      return
    }
    const slot = random.pick(this.#world.slots) as Slot
    const number = descriptorOf(slot.object)
    this.#world.end(slot)
    if (choice > 3) this.#bystanders.openForeign(number, this.#given)
  }
}

function count({ name, isNode }: Call): void {
  if (isNode) totals.driverCalls++
  else totals.calls++
  totals.byName[name] = (totals.byName[name] ?? 0) + 1
}

const methods = (): unknown[] =>
  METHODS.map((name) => Object.getOwnPropertyDescriptor(net.Socket.prototype, name)?.value as unknown)

async function main(): Promise<void> {
  const before = methods()
  const trace = new Trace(join(round.folder, 'trace'))
  const atStart = openDescriptors()
  const bystanders = await Bystanders.open(join(round.folder, 'bystanders'))
  const world = await World.open(join(round.folder, 'world'))
  const targets = new Targets(world, bystanders)
  await new Fuzzer(world, bystanders, targets, trace).run()
  totals.readFromOutside = bystanders.checkFromOutside()
  targets.close()
  trace.add(0, 'END the bystanders are as they were')
  await world.close()
  trace.add(0, 'END the world is closed')
  await bystanders.close()
  trace.add(0, 'END the bystanders are closed')
  // What was on its way when the peer was destroyed ends by itself.
  for (let waited = 0; openDescriptors() !== atStart && waited < LONGEST_END_MS; waited += 10) await wait(10)
  const atEnd = openDescriptors()
  if (atEnd !== atStart) {
    const left = process.getActiveResourcesInfo().join(', ')
    throw new Error(`${atStart} descriptors were open at the start, ${atEnd} at the end: ${left}`)
  }
  // A handle that was closed past `_destroy` leaves with the next look at the sockets with a deadline.
  const isBack = (): boolean => methods().every((method, index) => method === before[index])
  for (let waited = 0; !isBack() && waited < LONGEST_SWEEP_MS; waited += 100) await wait(100)
  methods().forEach((method, index) => {
    if (method !== before[index]) throw new Error(`net.Socket.prototype.${METHODS[index]} is not what it was`)
  })
  trace.add(0, 'END done')
  process.send?.({ kind: 'done', totals } satisfies Message, () => process.exit(0))
}

try {
  await main()
} catch (error) {
  failed(error)
}
