/**
 * The installs of this thread that reach the whole process, and the timer of their regular looks. All copies of this package
 * share one timer. If several threads want the same, only the first of them does the work (crates/node/src/reach.rs).
 */
import { AsyncResource } from 'node:async_hooks'
import { Socket } from 'node:net'
import { timers } from '../socket/clock.ts'
import type { BeginReaching } from '../hold/install-in-process.ts'
import { detectionOf } from '../settings/detection.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { reportFailure } from '../socket/failure.ts'
import { whileReaching } from '../socket/reach-exclusion.ts'
import { lastSetOn } from '../socket/last-set.ts'
import { native } from '../socket/native.ts'
import { activeTargets, handleDescriptor, onSocketReceived } from '../socket/node-internals.ts'
import { shared } from '../socket/shared.ts'
import { Search } from './search.ts'

/** For the reason given in deadline/sweep.ts. */
const outside = new AsyncResource('TCPKEEPALIVEREACH')

const LONGEST_PERIOD_MS = 10_000
const LOOKS_PER_DEADLINE = 10

/** The first wait before an unfinished look is asked for again. It doubles each time, up to the longest period. */
const SOON_MS = 100

interface OfThread {
  /** Newest first. */
  searches: readonly Search[]
  timer: NodeJS.Timeout | undefined
  /** The timer for unfinished looks. */
  again: NodeJS.Timeout | undefined
  againMs: number
  endIpc: (() => void) | undefined
}

const thread = shared<OfThread>('reach', () => ({
  searches: [],
  timer: undefined,
  again: undefined,
  againMs: SOON_MS,
  endIpc: undefined,
}))

/** Looks once immediately, so that connections that are already open are covered, and so that the caller gets any error. */
export const beginReaching: BeginReaching = (wanted) => {
  const search = new Search(wanted)
  // Without `match` there is no report of destinations that did not match.
  if (wanted.match !== undefined) wanted.matcher.hasMatchedUnseen = () => search.hasMatched
  try {
    excludeWhatIsSet()
    search.look([])
  } catch (error) {
    search.end()
    throw error
  }
  if (thread.searches.length === 0) begin()
  thread.searches = [search, ...thread.searches]
  startTimer()
  lookAgainSoon()
  return () => end(search)
}

function end(search: Search): void {
  if (!thread.searches.includes(search)) return
  search.end()
  thread.searches = thread.searches.filter((each) => each !== search)
  if (thread.searches.length > 0) {
    startTimer()
    return
  }
  timers.clearInterval(thread.timer)
  thread.timer = undefined
  stopLookingAgain()
  thread.endIpc?.()
  whileReaching(undefined)
}

function begin(): void {
  const { excludeFromReach } = native()
  whileReaching(excludeFromReach)
  thread.endIpc = onSocketReceived(excludeFromReach)
}

/** Excludes the sockets of this thread on which the program has set values itself, as far as Node lists them. */
function excludeWhatIsSet(): void {
  for (const target of activeTargets()) {
    const fd = handleDescriptor(target)
    if (fd !== undefined && target instanceof Socket && lastSetOn(target)) native().excludeFromReach(fd)
  }
}

function startTimer(): void {
  const periodMs = Math.min(...thread.searches.map(({ values }) => periodFor(values)))
  timers.clearInterval(thread.timer)
  thread.timer = outside.runInAsyncScope(() => timers.setInterval(lookSafely, periodMs))
  thread.timer.unref()
}

function lookSafely(): void {
  lookWith(() => true)
}

function lookWith(isMeant: (search: Search) => boolean): void {
  const { searches } = thread
  for (const [index, search] of searches.entries()) {
    if (!isMeant(search)) continue
    try {
      search.look(searches.slice(0, index))
    } catch (error) {
      reportFailure(search, error)
    }
  }
  lookAgainSoon()
}

/** Starts one timer for all unfinished looks. */
function lookAgainSoon(): void {
  if (!thread.searches.some(({ isPending }) => isPending)) {
    stopLookingAgain()
    return
  }
  thread.again ??= outside.runInAsyncScope(() => timers.setTimeout(lookAgain, thread.againMs)).unref()
}

function lookAgain(): void {
  thread.again = undefined
  thread.againMs = Math.min(thread.againMs * 2, LONGEST_PERIOD_MS)
  lookWith(({ isPending }) => isPending)
}

function stopLookingAgain(): void {
  timers.clearTimeout(thread.again)
  thread.again = undefined
  thread.againMs = SOON_MS
}

function known(value: number, unit: number): number | undefined {
  return value === LEAVE ? undefined : value * unit
}

/** A tenth of the deadline. Without a deadline, a tenth of the time that keepalive takes to detect a dead peer. */
function periodFor({ deadlineMs, timeSeconds, intervalSeconds, retries }: KernelValues): number {
  const { idle } = detectionOf({
    enabled: true,
    time: known(timeSeconds, 1000),
    interval: known(intervalSeconds, 1000),
    retries: known(retries, 1),
    userTimeout: undefined,
  })
  return Math.min((deadlineMs ?? idle) / LOOKS_PER_DEADLINE, LONGEST_PERIOD_MS)
}
