/** The events on a connection of the model, and the rule that watches it. */
import { type Bound, isQuickHandshake } from '../../src/deadline/bound.ts'
import type { Look } from '../../src/deadline/look.ts'
import { firstPatience } from '../../src/deadline/patience.ts'
import {
  AT_FIRST,
  isToBeLifted,
  lifted,
  LOOKS_PER_DEADLINE,
  remember,
  userTimeoutOf,
} from '../../src/deadline/rule.ts'
import { Watched } from '../../src/deadline/watched.ts'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { looseRtoMaxFor, rtoMaxFor, solveDetectWithin } from '../../src/settings/detect-within.ts'
import { KernelModel, SYSTEM_RTO_MAX, type Timeouts } from './kernel-model.ts'
import { Peer } from './peer-model.ts'

/** The values that a sweep sets. */
export interface InForce {
  readonly userTimeout: number
  /** What TCP_RTO_MAX_MS is. */
  readonly bound: Bound
}

export type Watcher = (look: Look, now: number) => InForce

/** What can be seen of the program without asking the kernel. */
export type Program = Pick<KernelModel, 'written' | 'hasEnded'>

/** A rule for a deadline, and the user timeout that is computed for it. */
export type Rule = (deadlineMs: number, solvedMs: number, program: Program, hasRtoMax?: boolean) => Watcher

/** Node's key for the socket of a handle. */
const OWNER = Symbol('owner_symbol')

/** The package's own rule. It looks at a connection only when that is needed. */
export const lifting: Rule = (deadlineMs, solvedMs, program, hasRtoMax = true) => {
  let [userTimeout, rtoMax] = [solvedMs, rtoMaxFor(deadlineMs)]
  const kernel = {
    readWindows: () => {},
    systemKeepAlive: () => 0,
    getUserTimeout(_: number, values: Int32Array) {
      values.set([userTimeout, rtoMax])
      return 0
    },
    setUserTimeout(_: number, userTimeoutMs: number, rtoMaxMs: number) {
      if (userTimeoutMs >= 0) userTimeout = userTimeoutMs
      if (rtoMaxMs >= 0) rtoMax = rtoMaxMs
      return 0
    },
  }
  const socket = {
    get writableEnded() {
      return program.hasEnded
    },
  }
  const handle = {
    fd: 0,
    writeQueueSize: 0,
    get bytesWritten() {
      return program.written
    },
    [OWNER]: socket,
  }
  const solved = { detectWithinMs: deadlineMs, userTimeoutMs: solvedMs }
  const watched = new Watched(handle, solved, hasRtoMax ? SYSTEM_RTO_MAX : -1)
  return (look, now) => {
    if (watched.mustBeAsked()) watched.act(kernel, handle.fd, look, now, now)
    return { userTimeout, bound: watched.known.bound }
  }
}

/** The same, and after each `looks` looks the program sets another deadline (userTimeoutFor() and memoryOn(), src/deadline/watched.ts). */
export const settingAgain =
  (looks: number): Rule =>
  (deadlineMs, solvedMs) => {
    let memory = AT_FIRST
    let count = 0
    return (look, now) => {
      memory = remember(memory, look, deadlineMs, now)
      if (++count % looks === 0) {
        const isLifted = memory.stage !== 'solved' || isToBeLifted(look, deadlineMs)
        memory = isLifted ? lifted(firstPatience(look), memory) : AT_FIRST
      }
      return {
        userTimeout: userTimeoutOf(memory, deadlineMs, solvedMs, rtoMaxFor(deadlineMs)),
        bound: memory.bound,
      }
    }
  }

/** The connection and its two ends. Sizes are in bytes, times in ms. */
export interface Setting {
  readonly deadlineMs: number
  readonly mss: number
  readonly capacity: number
  readonly grain: number
  readonly delay: number
  /**
   * The times between two sweeps, as shares of a tenth of the deadline, used in turn. They are shorter where another connection has a
   * shorter deadline, and longer where a sweep is late.
   */
  readonly sweepDistances: readonly number[]
  /** The kernel's ticks, in ms. */
  readonly tick?: number
  readonly timeouts?: Partial<Timeouts>
  /** Each timer of the kernel is late by up to an eighth. These shares of an eighth are used in turn. */
  readonly timerLateness: readonly number[]
  /** Whether the kernel has TCP_RTO_MAX_MS (Linux 6.15). */
  readonly hasRtoMax?: boolean
}

/** Times are shares of the deadline. */
export type Step =
  | { readonly kind: 'wait'; readonly share: number }
  | { readonly kind: 'write'; readonly bytes: number }
  /** Writes what exactly fits into the peer's window, so that the window is 0 once it is acknowledged. */
  | { readonly kind: 'fill' }
  /** Calls `end()`. Later writes have no effect. */
  | { readonly kind: 'end' }
  /** Reads this many bytes, this many times. The rest of `share` is spread between the reads. */
  | { readonly kind: 'read'; readonly bytes: number; readonly times: number; readonly share: number }
  /** All packets are lost in both directions. The program writes at the beginning. */
  | { readonly kind: 'outage'; readonly share: number; readonly bytes?: number }
  /** Nothing that the program sends arrives, and the peer goes on talking. */
  | { readonly kind: 'one way'; readonly share: number; readonly bytes?: number; readonly talk: Talk }
  /** The next packet of that side is lost. */
  | { readonly kind: 'loss'; readonly from: 'sender' | 'peer' }
  /** Only each third packet of the sender arrives. The program writes at the beginning. */
  | { readonly kind: 'heavy loss'; readonly share: number; readonly bytes: number }
  /** The peer has no memory for what it is sent; near the middle nothing passes for a while, in either direction. */
  | {
      readonly kind: 'out of memory'
      readonly share: number
      /** Whether its window is open again in what it sends next. */
      readonly reopens: boolean
      /** Whether its program goes on writing. */
      readonly isTalking: boolean
      readonly outage: number
      /** How often, evenly spread, it takes one segment. */
      readonly taken: number
      /** Whether its window changes from shut to open in what it sends, or back, near the middle. */
      readonly changes: boolean
      /** Whether its window is announced as open once it has memory again, and then nothing passes for a while, in either direction. */
      readonly outageAfter: number | undefined
      readonly bytes?: number
    }

/** What a peer goes on sending that no longer hears. */
export type Talk = 'data' | 'end' | 'probe'

/** Runs steps on one connection. */
export class Scenario {
  readonly kernel: KernelModel
  readonly peer: Peer
  readonly deadlineMs: number
  #nextLook: number
  /** Whose packets are lost. */
  #isCut: 'both' | 'sender' | 'peer' | undefined
  /** What arrives from the peer right before each look. */
  #talk: Talk | undefined
  /** Whether the peer's program writes, so that it arrives right before each look. */
  #isTalking = false
  /** How many packets of the sender have come to a path with heavy loss. */
  #onHeavyLoss: number | undefined
  #losing: 'sender' | 'peer' | undefined
  #timers = 0
  #looks = 0
  readonly #setting: Setting
  readonly #watch: Watcher

  constructor(setting: Setting, rule: Rule) {
    const { deadlineMs, capacity, grain, delay, mss } = setting
    const { userTimeoutMs } = solveDetectWithin(deadlineMs, capabilitiesOf('linux'))
    this.#setting = setting
    this.deadlineMs = deadlineMs
    this.peer = new Peer(capacity, grain)
    const path = {
      delay,
      lost: (_: number, from: 'sender' | 'peer') => this.#isLost(from),
      late: (length: number) => this.#lateness(length),
    }
    this.kernel = new KernelModel(this.peer, path, mss, setting.tick ?? 1, setting.timeouts)
    this.kernel.userTimeout = userTimeoutMs
    const isQuick =
      isQuickHandshake(delay * 2, deadlineMs) && (setting.timeouts?.firstRto ?? 0) < deadlineMs / 10
    this.#bound(isQuick ? 'none' : 'tight')
    this.#watch = rule(deadlineMs, userTimeoutMs, this.kernel, setting.hasRtoMax)
    this.#nextLook = deadlineMs / LOOKS_PER_DEADLINE
  }

  #bound(bound: Bound): void {
    if (!(this.#setting.hasRtoMax ?? true)) return
    if (bound === 'none') this.kernel.rtoMax = SYSTEM_RTO_MAX
    else this.kernel.rtoMax = (bound === 'tight' ? rtoMaxFor : looseRtoMaxFor)(this.deadlineMs)
  }

  /** The time from one sweep to the next. */
  get #distance(): number {
    const { sweepDistances } = this.#setting
    const share = sweepDistances[this.#looks++ % sweepDistances.length] ?? 1
    return (share * this.deadlineMs) / LOOKS_PER_DEADLINE
  }

  #isLost(from: 'sender' | 'peer'): boolean {
    if (this.#isCut === 'both' || this.#isCut === from) return true
    if (this.#onHeavyLoss !== undefined && from === 'sender') return ++this.#onHeavyLoss % 3 !== 0
    if (this.#losing !== from) return false
    this.#losing = undefined
    return true
  }

  #lateness(length: number): number {
    const { timerLateness } = this.#setting
    const share = timerLateness[this.#timers++ % timerLateness.length] ?? 0
    return (length / 8) * share
  }

  /** Advances the time, with sweeps. */
  pass(ms: number): void {
    const end = this.kernel.now + ms
    while (this.#nextLook <= end) {
      if (this.#isTalking) {
        this.kernel.runUntil(this.#nextLook - this.#setting.delay - 1)
        this.peer.say()
      }
      this.kernel.runUntil(this.#nextLook)
      if (this.#talk) this.kernel.hear(this.#talk)
      const { userTimeout, bound } = this.#watch(this.kernel.look(), this.kernel.now)
      this.kernel.userTimeout = userTimeout
      this.#bound(bound)
      this.#nextLook += this.#distance
    }
    this.kernel.runUntil(end)
  }

  /** A signal ends the program: there are no more sweeps, and no value is restored. */
  end(): void {
    this.kernel.isOrphan = true
    this.#nextLook = Number.POSITIVE_INFINITY
  }

  /** A loss that is still to come is one of those that an outage makes, and not another after it. */
  cut(whose: 'both' | 'peer' | 'sender' = 'both'): void {
    this.#losing = undefined
    this.#isCut = whose
  }

  /** What the program sends arrives no more; what the peer says does. */
  deafen(talk: Talk = 'data'): void {
    this.cut('sender')
    this.#talk = talk
  }

  heal(): void {
    this.#isCut = undefined
    this.#talk = undefined
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) this.#step(step)
  }

  #step(step: Step): void {
    if (step.kind === 'wait') this.pass(step.share * this.deadlineMs)
    else if (step.kind === 'write') this.kernel.write(step.bytes)
    else if (step.kind === 'fill') this.#fill()
    else if (step.kind === 'end') this.kernel.end()
    else if (step.kind === 'read') this.#read(step)
    else if (step.kind === 'loss') this.#losing = step.from
    else if (step.kind === 'out of memory') this.#useUpMemory(step)
    else if (step.kind === 'heavy loss') this.#loseMuch(step)
    else this.#interrupt(step)
  }

  #fill(): void {
    const { unacknowledged, unsent, sendWindow } = this.kernel.look()
    if (unacknowledged + unsent === 0 && sendWindow > 0) this.kernel.write(sendWindow)
  }

  #read({ bytes, times, share }: Extract<Step, { kind: 'read' }>): void {
    for (let time = 0; time < times; time++) {
      this.peer.read(bytes)
      this.pass((share * this.deadlineMs) / times)
    }
  }

  #loseMuch({ share, bytes }: Extract<Step, { kind: 'heavy loss' }>): void {
    this.#onHeavyLoss = 0
    this.kernel.write(bytes)
    this.pass(share * this.deadlineMs)
    this.#onHeavyLoss = undefined
  }

  #interrupt(step: Extract<Step, { kind: 'outage' | 'one way' }>): void {
    if (step.kind === 'outage') this.cut()
    else this.deafen(step.talk)
    if (step.bytes !== undefined) this.kernel.write(step.bytes)
    this.pass(step.share * this.deadlineMs)
    this.heal()
  }

  /** From now on the peer drops what it is sent, and answers. */
  runOutOfMemory({ reopens, isTalking }: { reopens: boolean; isTalking: boolean }): void {
    this.peer.isOutOfMemory = true
    this.peer.reopens = reopens
    this.#isTalking = isTalking
  }

  #useUpMemory(step: Extract<Step, { kind: 'out of memory' }>): void {
    this.runOutOfMemory(step)
    if (step.bytes !== undefined) this.kernel.write(step.bytes)
    this.#takeSome(step)
    if (step.changes) this.peer.reopens = !step.reopens
    this.#cutFor(step.outage)
    this.#takeSome(step)
    this.peer.isOutOfMemory = false
    this.#isTalking = false
    if (step.outageAfter === undefined) return
    this.peer.acknowledge()
    this.pass(this.#setting.delay + 1)
    this.#cutFor(step.outageAfter)
  }

  #cutFor(share: number): void {
    this.cut()
    this.pass(share * this.deadlineMs)
    this.heal()
  }

  /** Half of the time without memory. */
  #takeSome({ share, taken }: Extract<Step, { kind: 'out of memory' }>): void {
    for (let time = 0; time <= taken; time++) {
      this.pass((share / 2 / (taken + 1)) * this.deadlineMs)
      if (time < taken) this.peer.takeOne()
    }
  }
}
