/** Random connections, and random lives of a peer, for the scenarios. */
import fc from 'fast-check'
import type { Timeouts } from './kernel-model.ts'
import type { Setting, Step, Talk } from './scenario.ts'

/**
 * 5 s to 5 min, small windows and large ones, a round trip of up to an 80th of the deadline, a retransmission timeout of up to 0.15
 * of it.
 */
export const settings: fc.Arbitrary<Setting> = fc
  .record({
    deadlineMs: fc.integer({ min: 5, max: 300 }).map((seconds) => seconds * 1000),
    mss: fc.constantFrom(536, 1460, 32_768, 65_483),
    capacity: fc.constantFrom(2304, 8192, 65_536, 1_000_000),
    smallness: fc.double({ min: 0, max: 0.5, noNaN: true }),
    delayShare: fc.double({ min: 0, max: 1 / 160, noNaN: true }),
    sweepDistances: fc.array(fc.double({ min: 0.2, max: 1.08, noNaN: true }), {
      minLength: 1,
      maxLength: 7,
    }),
    tick: fc.constantFrom(1, 4, 10),
    timerLateness: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
    timeoutShare: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.15, noNaN: true })),
    roundTripShare: fc.double({ min: 0, max: 1, noNaN: true }),
    probesTail: fc.boolean(),
  })
  .map(({ smallness, delayShare, timeoutShare, roundTripShare, probesTail, ...setting }) => ({
    ...setting,
    timeouts: timeoutsOf(setting.deadlineMs, delayShare, timeoutShare, roundTripShare, probesTail),
    grain: Math.max(1, setting.capacity * smallness),
    delay: Math.round(setting.deadlineMs * delayShare),
  }))

function timeoutsOf(
  deadlineMs: number,
  delayShare: number,
  timeoutShare: number,
  roundTripShare: number,
  probesTail: boolean,
): Timeouts {
  const shortest = 2 * Math.round(deadlineMs * delayShare)
  const firstRto = Math.max(200, shortest, Math.round(deadlineMs * timeoutShare))
  return { firstRto, roundTrip: Math.round(shortest + (firstRto - shortest) * roundTripShare), probesTail }
}

const bytes = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 5000 }),
  fc.integer({ min: 1, max: 2_000_000 }),
)
export const upTo = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true })

/** A peer whose program stops, reads a little, or reads everything, and a program that writes at random times. */
const life: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), share: upTo(4) }),
  fc.record({ kind: fc.constant('write' as const), bytes }),
  fc.constant<Step>({ kind: 'fill' }),
  fc.record({
    kind: fc.constant('read' as const),
    bytes,
    times: fc.integer({ min: 1, max: 40 }),
    share: upTo(3),
  }),
)

/** What a peer says that may be heard again. */
const talks: fc.Arbitrary<Talk> = fc.constantFrom('data', 'probe')

export const allTalks: fc.Arbitrary<Talk> = fc.constantFrom('data', 'end', 'probe')

/**
 * What is sent again to a peer without memory is sent a fifth of the deadline apart for as long as that lasts. An outage of less than that
 * swallows one of them.
 */
export const withoutMemory: fc.Arbitrary<Extract<Step, { kind: 'out of memory' }>> = fc.record({
  kind: fc.constant('out of memory' as const),
  share: upTo(12),
  reopens: fc.boolean(),
  isTalking: fc.boolean(),
  outage: fc.oneof(fc.constant(0), upTo(0.17)),
  taken: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
  changes: fc.boolean(),
  outageAfter: fc.option(upTo(0.3), { nil: undefined }),
  bytes,
})

/** What a living peer survives, then as much time as TCP needs to have made up for it. */
const trouble: fc.Arbitrary<Step[]> = fc
  .oneof(
    fc.record({ kind: fc.constant('outage' as const), share: upTo(0.3), bytes }),
    fc.record({ kind: fc.constant('outage' as const), share: upTo(0.3) }),
    fc.record({ kind: fc.constant('one way' as const), share: upTo(0.3), bytes, talk: talks }),
    fc.record({
      kind: fc.constant('loss' as const),
      from: fc.constantFrom('sender' as const, 'peer' as const),
    }),
    withoutMemory,
  )
  .map((step) => [step, { kind: 'wait', share: 1 }])

const events: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: life.map((step) => [step]) }, { weight: 1, arbitrary: trouble }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((steps) => steps.flat())

/** All events of a living peer and its path, in any order; often with much to send from the start. Some programs end their data. */
export const lives: fc.Arbitrary<Step[]> = fc
  .tuple(fc.constantFrom(3_000_000, 60_000, 1), events, fc.option(events, { nil: undefined }))
  .map(([first, steps, afterEnd]) => [
    { kind: 'write', bytes: first },
    ...steps,
    ...(afterEnd === undefined ? [] : [{ kind: 'end' as const }, ...afterEnd]),
  ])
