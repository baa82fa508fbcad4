/**
 * The child process of the fuzzer: one round of random calls, from one seed. After every few calls all sockets are read back. The
 * round fails if options changed on a socket that was no target of these calls, and on an unknown error, a warning, or
 * anything uncaught.
 */
import { subscribe } from 'node:diagnostics_channel'
import net from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { KeepAliveFailure } from 'tcp-keepalive'
import { descriptorOf, handleOf, openDescriptors } from '../handles.ts'
import { Random } from '../random.ts'
import { Bystanders } from './bystanders.ts'
import { type Call, Calls } from './calls.ts'
import { codeOf, kindOf } from './errors.ts'
import { type Message, noTotals, type Round } from './rounds.ts'
import { Targets } from './targets.ts'
import { openTrace } from './trace.ts'
import { Watch } from './watch.ts'
import { World } from './world.ts'

/** Calls between two checks of all sockets, and how many such groups run in one turn of the event loop. */
const GROUP = 8
const GROUPS = 4

/** How often a socket is connected, ended and so on before each turn's calls. */
const STEPS = 2

/** A getter of the options may make calls, whose options have getters, and so on. */
const DEEPEST = 3

const PROGRESS_EVERY_MS = 250

const LONGEST_END_MS = 30_000
/** The longest time between two sweeps, twice: the machine may be busy. */
const LONGEST_SWEEP_MS = 120_000

/** Most calls end in an error here, and making an error's stack takes the most time. */
Error.stackTraceLimit = 3

const METHODS = ['setKeepAlive', 'connect', '_destroy'] as const

const round = JSON.parse(process.argv[2] ?? '') as Round
const totals = noTotals()

/** Reports the first failure, and ends the process. */
function fail(reason: unknown): void {
  process.send?.({ failed: inspect(reason) } satisfies Message, () => process.exit(1))
}

process.on('uncaughtException', (error) => fail(new Error('uncaught', { cause: error })))
process.on('unhandledRejection', (error) => fail(new Error('unhandled rejection', { cause: error })))

let warnings = 0
process.on('warning', (warning) => {
  // The package warns once in a process; the fuzzer causes everything that it can warn of.
  const isOurs = (warning as NodeJS.ErrnoException).code === 'TCP_KEEPALIVE_NOT_SET' && warnings++ === 0
  if (!isOurs && !isOfNode(warning)) fail(new Error('a warning', { cause: warning }))
})

/**
 * While a socket connects, Node adds a listener for each write and each `setKeepAlive`, and removes it when it has been called.
 * The package adds at most two, which stay.
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
  if (!isOfMatch && kindOf(error) === undefined) fail(new Error('reported', { cause: error }))
})

const methods = (): unknown[] =>
  METHODS.map((name) => Object.getOwnPropertyDescriptor(net.Socket.prototype, name)?.value as unknown)

const pristine = methods()
const changed = (): string[] => METHODS.filter((_, place) => methods()[place] !== pristine[place])

const trace = openTrace(join(round.folder, 'trace'))
const descriptorsAtStart = openDescriptors()
const isClosed = (): boolean => openDescriptors() === descriptorsAtStart
const bystanders = await Bystanders.open(join(round.folder, 'bystanders'))
const world = await World.open(join(round.folder, 'world'))
const targets = new Targets(world, bystanders)
const calls = new Calls(world, targets)
const watch = new Watch()
/** The descriptors that the calls of this group may have changed. */
const allowed = new Set<number>()
/** The descriptor numbers that the running calls were given. A program that gives a number means the socket that has it. */
const given: number[] = []

async function makeCalls(): Promise<void> {
  let [sentAt, sentCalls] = [Date.now(), 0]
  for (let turns = 0; totals.calls < round.calls; turns++) {
    const now = Date.now()
    if (round.until !== null && now >= round.until) break
    if (now - sentAt >= PROGRESS_EVERY_MS) {
      process.send?.({ calls: totals.calls - sentCalls } satisfies Message)
      ;[sentAt, sentCalls] = [now, totals.calls]
    }
    // Each turn has its own choices, so that runs of a seed are alike whatever the order of the network's events.
    oneTurn(new Random(Math.imul(round.seed, 1_000_003) + turns))
    await turn()
    bystanders.check()
  }
}

function oneTurn(random: Random): void {
  for (let step = 0; step < STEPS; step++) trace(`step: ${world.step(random)}`)
  watch.forgetAll()
  for (const object of world.objects()) watch.add(handleOf(object), 'a socket that was no target')
  for (let group = 0; group < GROUPS; group++) {
    allowed.clear()
    for (let made = 0; made < GROUP; made++) oneCall(random)
    watch.check(allowed)
    bystanders.check()
  }
  bystanders.closeForeign()
}

function oneCall(random: Random): void {
  const call = calls.make(random, effect)
  trace(`${call.name} ${call.given}`)
  totals[call.name === 'node' ? 'driverCalls' : 'calls']++
  totals.byName[call.name] = (totals.byName[call.name] ?? 0) + 1
  given.push(call.number)
  try {
    call.run()
    allowed.add(call.changes)
  } catch (error) {
    thrown(call, error)
  } finally {
    given.pop()
  }
}

function thrown(call: Call, error: unknown): void {
  const kind = kindOf(error, call.name === 'native')
  // What Node's own methods throw is not checked.
  if (call.name !== 'node') {
    if (kind === undefined) throw new Error(`${call.name} ${call.given} threw`, { cause: error })
    const code = codeOf(error, kind)
    totals.byCode[code] = (totals.byCode[code] ?? 0) + 1
  }
  // A call that the package refuses changes nothing. If the kernel refuses a value, it may have taken others.
  if (call.name === 'node' || kind === 'system' || call.isHostile) allowed.add(call.changes)
}

/** What a getter does while a call reads it: ends the target, opens another under its number, or makes a call. */
function effect(random: Random): void {
  const choice = random.below(6)
  const slot = random.pick(world.slots)
  if (given.length >= DEEPEST || choice === 0 || !slot) return
  if (choice <= 2) return oneCall(random)
  const number = descriptorOf(slot.object)
  world.end(slot)
  if (choice > 3) bystanders.openForeign(number, given)
}

async function closeAll(): Promise<void> {
  trace('end: everything is released, closed and compared')
  calls.endAll()
  bystanders.check()
  totals.readings = watch.readings + bystanders.watch.readings
  totals.foreign = bystanders.foreign
  totals.reused = bystanders.reused
  totals.readFromOutside = bystanders.checkFromOutside()
  targets.close()
  trace('end: the bystanders are unchanged')
  await world.close()
  trace('end: the world is closed')
  await bystanders.close()
  trace('end: the bystanders are closed')
  // Connections whose peer was destroyed while they connected end by themselves.
  for (let waited = 0; !isClosed() && waited < LONGEST_END_MS; waited += 10) await wait(10)
  if (!isClosed()) {
    const left = process.getActiveResourcesInfo().join(', ')
    throw new Error(
      `${descriptorsAtStart} descriptors open at the start, ${openDescriptors()} at the end: ${left}`,
    )
  }
  // The next sweep finds handles that were closed without `_destroy`; until then the methods stay wrapped.
  for (let waited = 0; changed().length > 0 && waited < LONGEST_SWEEP_MS; waited += 100) await wait(100)
  if (changed().length > 0) throw new Error(`net.Socket.prototype is not restored: ${changed().join(', ')}`)
}

try {
  await makeCalls()
  await closeAll()
  process.send?.({ done: totals } satisfies Message, () => process.exit(0))
} catch (error) {
  fail(error)
}
