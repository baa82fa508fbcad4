/** What happens to a connection of the model, and which rule watches over it. */
import fc from 'fast-check'
import {
  AT_FIRST,
  isQuickHandshake,
  LOOKS_PER_DEADLINE,
  type Look,
  remember,
  rtoMaxFor,
  userTimeoutOf,
} from '../../src/deadline/rule.ts'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { solveDetectWithin } from '../../src/settings/detect-within.ts'
import { KernelModel, SYSTEM_RTO_MAX } from './kernel-model.ts'
import { Peer } from './peer-model.ts'

/** What is to be in force after a look. */
export interface InForce {
  readonly userTimeout: number
  /** Whether TCP_RTO_MAX_MS is what belongs to the deadline, and not the system's own. */
  readonly isBounded: boolean
}

export type Watcher = (look: Look, now: number) => InForce

/** A rule for a deadline, and the user timeout that is solved for it. */
export type Rule = (deadlineMs: number, solvedMs: number) => Watcher

/** The rule of the package. */
export const lifting: Rule = (deadlineMs, solvedMs) => {
  let memory = AT_FIRST
  return (look, now) => {
    memory = remember(memory, look, deadlineMs, now)
    const { stage, isBounded } = memory
    return { userTimeout: userTimeoutOf(stage, deadlineMs, solvedMs), isBounded }
  }
}

/** The connection and what is at its ends. Sizes in bytes, times in ms. */
export interface Setting {
  readonly deadlineMs: number
  readonly mss: number
  readonly capacity: number
  readonly grain: number
  readonly delay: number
  /** Each look comes later than its time by up to this share of the time between two. */
  readonly sweepLateness: number
  /** Each timer of the kernel is late by up to an eighth; these shares of it are used in turn. */
  readonly timerLateness: readonly number[]
  /** Whether there is TCP_RTO_MAX_MS (Linux 6.15). */
  readonly hasRtoMax?: boolean
}

/** Times are shares of the deadline. */
export type Step =
  | { readonly kind: 'wait'; readonly share: number }
  | { readonly kind: 'write'; readonly bytes: number }
  /** Reads so much, so often, with the rest of `share` spread between. */
  | { readonly kind: 'read'; readonly bytes: number; readonly times: number; readonly share: number }
  /** Nothing passes, in either direction; the program writes at its beginning. */
  | { readonly kind: 'outage'; readonly share: number; readonly bytes?: number }
  /** Nothing that the program sends arrives, and the peer goes on talking. */
  | { readonly kind: 'one way'; readonly share: number; readonly bytes?: number }
  /** The next packet of that side is lost. */
  | { readonly kind: 'loss'; readonly from: 'sender' | 'peer' }
  | { readonly kind: 'out of memory'; readonly share: number }

/** Plays steps on one connection. */
export class Scenario {
  readonly kernel: KernelModel
  readonly peer: Peer
  readonly deadlineMs: number
  #nextLook: number
  /** Whose packets are lost. */
  #isCut: 'both' | 'sender' | 'peer' | undefined
  /** Whether the peer says something right before each look. */
  #talks = false
  #losing: 'sender' | 'peer' | undefined
  #timers = 0
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
    this.kernel = new KernelModel(this.peer, path, mss)
    this.kernel.userTimeout = userTimeoutMs
    this.#bound(!isQuickHandshake(delay * 2, deadlineMs))
    this.#watch = rule(deadlineMs, userTimeoutMs)
    this.#nextLook = this.#period
  }

  #bound(isBounded: boolean): void {
    if (this.#setting.hasRtoMax ?? true)
      this.kernel.rtoMax = isBounded ? rtoMaxFor(this.deadlineMs) : SYSTEM_RTO_MAX
  }

  get #period(): number {
    return this.deadlineMs / LOOKS_PER_DEADLINE
  }

  #isLost(from: 'sender' | 'peer'): boolean {
    if (this.#isCut === 'both' || this.#isCut === from) return true
    if (this.#losing !== from) return false
    this.#losing = undefined
    return true
  }

  #lateness(length: number): number {
    const { timerLateness } = this.#setting
    const share = timerLateness[this.#timers++ % timerLateness.length] ?? 0
    return (length / 8) * share
  }

  /** Lets time pass, with a look each tenth of the deadline. */
  pass(ms: number): void {
    const end = this.kernel.now + ms
    while (this.#nextLook <= end) {
      this.kernel.runUntil(this.#nextLook)
      if (this.#talks) this.kernel.hear()
      const { userTimeout, isBounded } = this.#watch(this.kernel.look(), this.kernel.now)
      this.kernel.userTimeout = userTimeout
      this.#bound(isBounded)
      // As an interval that comes late does not come earlier afterwards.
      this.#nextLook += this.#period * (1 + this.#setting.sweepLateness)
    }
    this.kernel.runUntil(end)
  }

  /** The program ends by a signal: nobody looks any more, and nothing is put back. */
  end(): void {
    this.kernel.isOrphan = true
    this.#nextLook = Number.POSITIVE_INFINITY
  }

  cut(whose: 'both' | 'peer' = 'both'): void {
    this.#isCut = whose
  }

  /** What the program sends arrives no more; what the peer says does. */
  deafen(): void {
    this.#isCut = 'sender'
    this.#talks = true
  }

  heal(): void {
    this.#isCut = undefined
    this.#talks = false
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) this.#step(step)
  }

  #step(step: Step): void {
    if (step.kind === 'wait') this.pass(step.share * this.deadlineMs)
    else if (step.kind === 'write') this.kernel.write(step.bytes)
    else if (step.kind === 'read') this.#read(step)
    else if (step.kind === 'loss') this.#losing = step.from
    else this.#interrupt(step)
  }

  #read({ bytes, times, share }: Extract<Step, { kind: 'read' }>): void {
    for (let time = 0; time < times; time++) {
      this.peer.read(bytes)
      this.pass((share * this.deadlineMs) / times)
    }
  }

  #interrupt(step: Extract<Step, { kind: 'outage' | 'one way' | 'out of memory' }>): void {
    if (step.kind !== 'out of memory') {
      if (step.kind === 'outage') this.cut()
      else this.deafen()
      if (step.bytes !== undefined) this.kernel.write(step.bytes)
    } else {
      this.peer.isOutOfMemory = true
    }
    this.pass(step.share * this.deadlineMs)
    this.heal()
    this.peer.isOutOfMemory = false
  }
}

/** 5 s to 5 min, small windows and large ones, a round trip of up to an 80th of the deadline. */
export const settings: fc.Arbitrary<Setting> = fc
  .record({
    deadlineMs: fc.integer({ min: 5, max: 300 }).map((seconds) => seconds * 1000),
    mss: fc.constantFrom(536, 1460, 32_768, 65_483),
    capacity: fc.constantFrom(2304, 8192, 65_536, 1_000_000),
    smallness: fc.double({ min: 0, max: 0.5, noNaN: true }),
    delayShare: fc.double({ min: 0, max: 1 / 160, noNaN: true }),
    sweepLateness: fc.double({ min: 0, max: 0.08, noNaN: true }),
    timerLateness: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
  })
  .map(({ smallness, delayShare, ...setting }) => ({
    ...setting,
    grain: Math.max(1, setting.capacity * smallness),
    delay: Math.round(setting.deadlineMs * delayShare),
  }))

const bytes = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 5000 }),
  fc.integer({ min: 1, max: 2_000_000 }),
)
const upTo = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true })

/** A peer whose program stops, reads a little, reads all; a program that writes when it likes. */
const life: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), share: upTo(4) }),
  fc.record({ kind: fc.constant('write' as const), bytes }),
  fc.record({
    kind: fc.constant('read' as const),
    bytes,
    times: fc.integer({ min: 1, max: 40 }),
    share: upTo(3),
  }),
)

/** What a living peer survives, then as much time as TCP needs to have made up for it. */
const trouble: fc.Arbitrary<Step[]> = fc
  .oneof(
    fc.record({ kind: fc.constant('outage' as const), share: upTo(0.3), bytes }),
    fc.record({ kind: fc.constant('outage' as const), share: upTo(0.3) }),
    fc.record({ kind: fc.constant('one way' as const), share: upTo(0.3), bytes }),
    fc.record({
      kind: fc.constant('loss' as const),
      from: fc.constantFrom('sender' as const, 'peer' as const),
    }),
    fc.record({ kind: fc.constant('out of memory' as const), share: upTo(4) }),
  )
  .map((step) => [step, { kind: 'wait', share: 1 }])

/** Everything that a living peer and the path to it do, in any order; often with much to send from the start. */
export const lives: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.constantFrom(3_000_000, 60_000, 1),
    fc.array(
      fc.oneof({ weight: 3, arbitrary: life.map((step) => [step]) }, { weight: 1, arbitrary: trouble }),
      {
        minLength: 1,
        maxLength: 20,
      },
    ),
  )
  .map(([first, steps]) => [{ kind: 'write', bytes: first }, ...steps.flat()])
