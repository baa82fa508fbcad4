import test from 'ava'
import fc from 'fast-check'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { solveDetectWithin } from '../../src/settings/detect-within.ts'
import type { KeepAlive } from '../../src/settings/keepalive.ts'
import { detectionOf, planKeepAlive } from '../../src/settings/plan.ts'

const linux = capabilitiesOf('linux')

test('Linux unasked takes 2 h 11 min 15 s to notice an idle dead peer, and about 15 minutes in flight', (t) => {
  const { settings, detection } = planKeepAlive({})
  t.deepEqual(settings, { enabled: true, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 })
  t.is(detection.idle, (2 * 3600 + 11 * 60 + 15) * 1000)
  t.is(detection.write, 924_600)
})

const solved: ReadonlyArray<readonly [number, number, number, number, number]> = [
  // detectWithin in s, then time, interval, retries, user timeout in ms
  [5, 1, 1, 3, 3500],
  [6, 1, 1, 4, 4500],
  [10, 3, 1, 5, 7500],
  [30, 16, 2, 5, 25_500],
  [60, 28, 5, 5, 52_500],
]
for (const [deadline, time, interval, retries, userTimeout] of solved) {
  test(`detectWithin ${deadline} s is ${time}/${interval}/${retries} and a user timeout of ${userTimeout} ms`, (t) => {
    const { settings } = planKeepAlive({ detectWithin: deadline * 1000 })
    const expected = { enabled: true, time: time * 1000, interval: interval * 1000, retries, userTimeout }
    t.deepEqual(settings, expected)
  })
}

test('for every deadline the values are legal, and both halves end in time even with timers late by an eighth', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 5000, max: linux.time.max * 2 }), (detectWithin) => {
      const { settings, detection } = planKeepAlive({ detectWithin })
      const { time = 0, interval = 0, retries = 0, userTimeout = 0 } = settings
      t.true(time >= linux.time.min && time <= linux.time.max && time % 1000 === 0)
      t.true(interval >= linux.interval.min && interval <= linux.interval.max && interval % 1000 === 0)
      t.true(retries >= 3 && retries <= 5)
      t.true(userTimeout >= linux.userTimeout.min && userTimeout <= linux.userTimeout.max)
      // One number for both halves, and it leaves room for the lateness.
      t.is(detection.idle, time + interval * retries)
      t.is(detection.write, detection.idle)
      t.true((detection.idle * 9) / 8 <= detectWithin)
      // No more than a second and an eighth is given away.
      t.true(((detection.idle + 1000) * 9) / 8 > detectWithin)
      // The user timeout comes due at the last probe, not one later, and not one earlier.
      t.true(userTimeout <= time + interval * retries && userTimeout > time + interval * (retries - 1))
    }),
    { numRuns: 2000 },
  )
})

test('where the system counts a user timeout in seconds, a solved one is rounded down', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 5000, max: 1_000_000 }), (detectWithin) => {
      const exact = solveDetectWithin(detectWithin, linux).userTimeoutMs
      const { userTimeoutMs } = solveDetectWithin(detectWithin, capabilitiesOf('darwin'))
      t.is(userTimeoutMs % 1000, 0)
      t.true(userTimeoutMs > 0 && userTimeoutMs <= exact && userTimeoutMs > exact - 1000)
    }),
  )
})

test('userTimeout 0 beside detectWithin keeps the idle half and leaves a write to the retransmission rules', (t) => {
  const { settings, detection } = planKeepAlive({ detectWithin: 30_000, userTimeout: 0 })
  t.is(settings.userTimeout, 0)
  t.deepEqual(detection, { idle: 26_000, write: 924_600 })
})

test('a user timeout between two probes ends at the later one; above them all, more probes are sent', (t) => {
  const idle = (userTimeout: number): number => detectionOf({ ...probed, userTimeout }, 'linux').idle
  t.is(idle(20_000), 24_000)
  t.is(idle(29_000), 29_000)
  t.is(idle(29_500), 34_000)
  t.is(idle(1), 19_000)
})

for (const platform of ['darwin', 'freebsd', 'win32']) {
  test(`on ${platform} the retries decide about an idle connection, whatever the user timeout`, (t) => {
    for (const userTimeout of [0, 1000, 20_000, 60_000]) {
      t.is(detectionOf({ ...probed, userTimeout }, platform).idle, 29_000)
    }
    t.is(detectionOf({ ...probed, userTimeout: 20_000 }, platform).write, 20_500)
  })
}

const probed = { enabled: true, time: 14_000, interval: 5000, retries: 3 }

test('a base that no socket could hold is refused', (t) => {
  const base = { enabled: true, time: 60_000, interval: 5000, retries: 4, userTimeout: 0 }
  const wrong = (fields: object | null): (() => unknown) => {
    return () => planKeepAlive({ userTimeout: 9000 }, (fields && { ...base, ...fields }) as KeepAlive)
  }
  t.throws(wrong(null), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(wrong({ time: '60s' }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(wrong({ interval: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(wrong({ retries: Number.NaN }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(wrong({ userTimeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  t.notThrows(wrong({ time: undefined, interval: undefined, retries: undefined, userTimeout: undefined }))
})

test('what is left out comes from the base', (t) => {
  const base = { enabled: true, time: 60_000, interval: 5000, retries: 4, userTimeout: 30_000 }
  t.deepEqual(planKeepAlive({ interval: 7000 }, base).settings, { ...base, interval: 7000 })
  t.deepEqual(planKeepAlive(false, base).settings, { ...base, enabled: false })
  t.is(planKeepAlive(false, base).detection.idle, Number.POSITIVE_INFINITY)
})

/** tcp_keepalive_timer() of net/ipv4/tcp_timer.c, step by step: when a peer that never answers is given up. */
function givenUpAfter(held: {
  time: number
  interval: number
  retries: number
  userTimeout: number
}): number {
  const { time, interval, retries, userTimeout } = held
  for (let elapsed = time, probes = 0; ; elapsed += interval, probes++) {
    const isOver = userTimeout > 0 ? elapsed >= userTimeout && probes > 0 : probes >= retries
    if (isOver) return elapsed
  }
}

test('an idle dead peer is noticed when the kernel, followed step by step, gives it up', (t) => {
  const whole = (max: number): fc.Arbitrary<number> =>
    fc.integer({ min: 1, max }).map((value) => value * 1000)
  const values = fc.record({
    time: whole(32_767),
    interval: whole(600),
    retries: fc.integer({ min: 1, max: 127 }),
    userTimeout: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40_000_000 })),
  })
  fc.assert(
    fc.property(values, (values) => {
      t.is(planKeepAlive(values).detection.idle, givenUpAfter(values))
    }),
    { numRuns: 2000 },
  )
})

test('a plan of what was planned is the same plan, and a longer deadline never one that ends sooner', (t) => {
  const deadline = fc.double({ min: 5000, max: linux.time.max * 2, noNaN: true })
  fc.assert(
    fc.property(deadline, deadline, (one, other) => {
      const plan = planKeepAlive({ detectWithin: Math.min(one, other) })
      t.deepEqual(planKeepAlive(plan.settings), plan)
      t.deepEqual(planKeepAlive({}, plan.settings), plan)
      const longer = planKeepAlive({ detectWithin: Math.max(one, other) })
      t.true(plan.detection.idle <= longer.detection.idle && plan.detection.write <= longer.detection.write)
    }),
    { numRuns: 1000 },
  )
})
