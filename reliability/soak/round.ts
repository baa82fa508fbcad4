/** One fault: what goes before it, what it does, and what must be so after it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Footprint, Round, Status } from './client.ts'
import type { Fault } from './faults.ts'
import { type Fate, judge, type Verdict } from './judge.ts'
import type { Processes } from './processes.ts'
import { ALL_TOLD } from './promise.ts'
import type { Silence } from './silence.ts'

export interface RoundResult extends Verdict {
  readonly name: string
  readonly fate: Fate
  /** How long the pools took to be whole again, in milliseconds. */
  readonly wholeAfter: number
  /** Queries, from the beginning on. */
  readonly answered: number
  /** Of all processes together. */
  readonly footprint: Footprint
}

/** How often the processes are asked, in milliseconds. */
const GLANCE = 100

/** What was on its way when a fault began has been taken note of so many milliseconds later. */
const IN_FORCE = 1000

/** An idle connection is probed every 3 s; the rest is for a busy machine. In milliseconds. */
const CAPTURE_LATE = 30_000

/**
 * Within how many milliseconds so many connections answer a query again. They wait for those that are in a slow query
 * (load.ts) or whose data is sent again only now (promise.ts), together 10 s at most, and for a process of the database
 * each: 2,000 begin within 8 s on two processors; the rest is for a machine that has much else to do.
 */
export function wholeWithin(connections: number): number {
  return 10_000 + connections * 15
}

/** Has everything opened and asked once. */
export async function makeWhole(processes: Processes, connections: number): Promise<number> {
  const limit = wholeWithin(connections)
  const start = performance.now()
  const done = new AbortController()
  const late = async (): Promise<never> => {
    await sleep(limit, undefined, { signal: done.signal })
    throw new Error(`not all connections answered again after ${limit / 1000} s`)
  }
  try {
    await Promise.race([processes.tell('whole'), late()])
  } finally {
    done.abort()
  }
  return performance.now() - start
}

export async function meet(
  fault: Fault,
  processes: Processes,
  connections: number,
  silence: Silence,
): Promise<RoundResult> {
  const before = endedIn(await processes.tell('round'))
  if (before > 0) throw new Error(`${before} living connections were dropped while nothing was wrong`)
  silence.forgetOlder()
  const fate = fateOf(fault, await suffer(fault, processes))
  const wholeAfter = await makeWhole(processes, connections)
  await caughtUp(silence)
  const rounds = await processes.tell('round')
  const verdict = judge(rounds, fate, connections, (port, lostAt) => silence.since(port, lostAt))
  const footprint = sum(await processes.tell('footprint'))
  const answered = await sumOf(processes, 'answered')
  await processes.tell('startLoad')
  return { ...verdict, name: fault.name, fate, wholeAfter, answered, footprint }
}

function endedIn(rounds: readonly Round[]): number {
  return rounds.reduce((sum, { ended }) => sum + ended.length, 0)
}

function fateOf({ kills, harmlessFor }: Fault, lastedMs: number): Fate {
  if (kills) return 'all'
  return lastedMs > harmlessFor ? 'open' : 'none'
}

/** @returns for how many milliseconds it may have been in force */
async function suffer(fault: Fault, processes: Processes): Promise<number> {
  const start = performance.now()
  const passed = (): number => performance.now() - start
  let isLoaded = true
  const load = async (): Promise<void> => {
    const { from, to } = fault.load
    const wanted = passed() >= from && passed() < to
    if (wanted !== isLoaded) await processes.tell(wanted ? 'startLoad' : 'stopLoad')
    isLoaded = wanted
  }
  await load()
  await fault.begin()
  if (fault.asksLarge) await processes.tell('askLarge')
  await sleep(Math.min(IN_FORCE, fault.lastsMs))
  const answered = await sumOf(processes, 'answered')
  while (
    passed() < fault.lastsMs ||
    (fault.kills && passed() < ALL_TOLD && (await sumOf(processes, 'open')) > 0)
  ) {
    await load()
    await sleep(Math.min(GLANCE, Math.max(1, fault.lastsMs - passed())))
  }
  const untold = fault.kills ? await sumOf(processes, 'open') : 0
  const answers = (await sumOf(processes, 'answered')) - answered
  await fault.end()
  if (untold > 0) throw new Error(`${fault.name}: ${untold} dead connections were not told in ${ALL_TOLD} ms`)
  if (fault.silences && answers > 0) {
    throw new Error(`${fault.name}: ${answers} queries were answered all the same`)
  }
  return passed()
}

async function sumOf(processes: Processes, what: keyof Status): Promise<number> {
  return (await processes.tell('status')).reduce((sum, status) => sum + status[what], 0)
}

/** Waits until the capture has seen what is past; while connections are open there is always something to come. */
async function caughtUp(silence: Silence): Promise<void> {
  const now = Date.now()
  while (silence.newest < now) {
    if (Date.now() - now > CAPTURE_LATE) throw new Error('the capture has seen nothing for long')
    await sleep(GLANCE)
  }
}

function sum(all: readonly Footprint[]): Footprint {
  const add = (key: keyof Footprint): number => all.reduce((total, each) => total + each[key], 0)
  return { descriptors: add('descriptors'), resident: add('resident'), heap: add('heap') }
}
