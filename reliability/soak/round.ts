/** One fault: what happens before it, during it, and what is checked after it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answers, Footprint } from './client.ts'
import type { Fault } from './faults.ts'
import { type Fate, judge, type Verdict } from './judge.ts'
import type { Processes } from './processes.ts'
import { ALL_TOLD } from './promise.ts'
import type { Silence } from './silence.ts'

export interface RoundResult extends Verdict {
  readonly name: string
  readonly fate: Fate
  /** How long it took until all connections answered again, in milliseconds. */
  readonly wholeAfter: number
  readonly answered: number
  readonly footprint: Footprint
}

/** How often the processes are asked, in milliseconds. */
const GLANCE = 100

/** Answers that were under way when a fault began have arrived after this time, in milliseconds. */
const IN_FORCE = 1000

/** An idle connection is probed every 3 s; the machine may be busy. In milliseconds. */
const CAPTURE_LATE = 30_000

/**
 * The longest time until all connections answer a query again, in milliseconds. They wait for a slow query (load.ts) or a
 * retransmission (promise.ts), together 10 s at most, and for a process of the database each: 2,000 start within 8 s on two
 * processors, and the machine may be busy.
 */
const wholeWithin = (connections: number): number => 10_000 + connections * 15

/** Opens all connections and sends a query on each. @returns how long this took */
export async function makeWhole(tell: Processes, connections: number): Promise<number> {
  const limit = wholeWithin(connections)
  const start = performance.now()
  const done = new AbortController()
  const late = async (): Promise<never> => {
    await sleep(limit, undefined, { signal: done.signal })
    throw new Error(`not all connections answered again after ${limit / 1000} s`)
  }
  try {
    await Promise.race([tell('whole'), late()])
  } finally {
    done.abort()
  }
  return performance.now() - start
}

export async function meet(
  fault: Fault,
  tell: Processes,
  connections: number,
  silence: Silence,
): Promise<RoundResult> {
  const before = sumOf(await tell('round'), ({ ended }) => ended.length)
  if (before > 0) throw new Error(`${before} living connections were dropped without a fault`)
  silence.forgetOlder()
  const lasted = await suffer(fault, tell)
  const fate = fault.kills ? 'all' : lasted > fault.harmlessFor ? 'open' : 'none'
  const wholeAfter = await makeWhole(tell, connections)
  await caughtUp(silence)
  const verdict = judge(await tell('round'), fate, connections, (port, at) => silence.since(port, at))
  const all = await tell('footprint')
  const footprint = {
    descriptors: sumOf(all, ({ descriptors }) => descriptors),
    resident: sumOf(all, ({ resident }) => resident),
    heap: sumOf(all, ({ heap }) => heap),
  }
  const answered = await status(tell, 'answered')
  await tell('startLoad')
  return { ...verdict, name: fault.name, fate, wholeAfter, answered, footprint }
}

/** @returns how long the fault may have been in force, in milliseconds */
async function suffer(fault: Fault, tell: Processes): Promise<number> {
  const start = performance.now()
  const passed = (): number => performance.now() - start
  let isLoaded = true
  const load = async (): Promise<void> => {
    const wanted = passed() >= fault.load.from && passed() < fault.load.to
    if (wanted !== isLoaded) await tell(wanted ? 'startLoad' : 'stopLoad')
    isLoaded = wanted
  }
  const untold = async (): Promise<number> => (fault.kills ? status(tell, 'open') : 0)
  await load()
  await fault.begin()
  if (fault.asksLarge) await tell('askLarge')
  await sleep(Math.min(IN_FORCE, fault.lastsMs))
  const answered = await status(tell, 'answered')
  while (passed() < fault.lastsMs || (passed() < ALL_TOLD && (await untold()) > 0)) {
    await load()
    await sleep(Math.min(GLANCE, Math.max(1, fault.lastsMs - passed())))
  }
  const left = await untold()
  const answers = (await status(tell, 'answered')) - answered
  await fault.end()
  if (left > 0) throw new Error(`${fault.name}: ${left} dead connections were not reported in ${ALL_TOLD} ms`)
  if (fault.silences && answers > 0) throw new Error(`${fault.name}: ${answers} queries were answered`)
  return passed()
}

async function status(tell: Processes, what: keyof Answers['status']): Promise<number> {
  return sumOf(await tell('status'), (each) => each[what])
}

/** Waits until the capture contains everything until now. There is always a next packet while connections are open. */
async function caughtUp(silence: Silence): Promise<void> {
  const now = Date.now()
  while (silence.newest < now) {
    if (Date.now() - now > CAPTURE_LATE) throw new Error('the capture has no new packets')
    await sleep(GLANCE)
  }
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0)
}
