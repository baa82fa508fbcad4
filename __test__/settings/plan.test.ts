import test from 'ava'
import fc from 'fast-check'
import { detectionOf } from '../../src/settings/detection.ts'
import type { KeepAlive } from '../../src/settings/keepalive.ts'
import { planKeepAlive } from '../../src/settings/plan.ts'

test("Linux's defaults take 2 h 11 min 15 s to detect an idle dead peer, and about 15 minutes with data in flight", (t) => {
  const { settings, detection } = planKeepAlive({})
  t.deepEqual(settings, { enabled: true, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 })
  t.is(detection.idle, (2 * 3600 + 11 * 60 + 15) * 1000)
  t.is(detection.write, 924_600)
  t.is(detection.connect, 131_000)
})

const solved: ReadonlyArray<readonly [number, number, number, number, number]> = [
  // detectWithin in s, then time, interval, retries, user timeout in ms
  [5, 1, 1, 3, 3500],
  [6, 1, 1, 4, 4500],
  [10, 3, 1, 5, 7500],
  [20, 7, 2, 5, 16_500],
  [30, 11, 3, 5, 25_500],
  [60, 28, 5, 5, 52_500],
]
for (const [deadline, time, interval, retries, userTimeout] of solved) {
  test(`detectWithin ${deadline} s is ${time}/${interval}/${retries} and a user timeout of ${userTimeout} ms`, (t) => {
    const { settings } = planKeepAlive({ detectWithin: deadline * 1000 })
    const expected = { enabled: true, time: time * 1000, interval: interval * 1000, retries, userTimeout }
    t.deepEqual(settings, expected)
  })
}

test('userTimeout 0 with detectWithin keeps the idle half, and leaves a write to the retransmission rules', (t) => {
  const { settings, detection } = planKeepAlive({ detectWithin: 30_000, userTimeout: 0 })
  t.is(settings.userTimeout, 0)
  t.deepEqual(detection, { idle: 26_000, write: 924_600, connect: 131_000 })
})

test('a user timeout between two probes ends the connection at the later one; one above them all means more probes', (t) => {
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
  })
}

test('a user timeout limits a write and an attempt to connect on Linux; elsewhere only known values are given', (t) => {
  const held = { ...probed, userTimeout: 20_000 }
  t.deepEqual(detectionOf(held, 'linux'), { idle: 24_000, write: 20_500, connect: 20_000 })
  for (const platform of ['darwin', 'freebsd']) {
    // Both also probe while data is in flight, and limit an attempt by an option of their own.
    t.deepEqual(detectionOf(held, platform), { idle: 29_000, write: 29_000, connect: 75_000 })
    t.is(detectionOf(held, platform, 20_000).connect, 20_000)
    t.is(detectionOf(held, platform, 20_001).connect, 21_000)
    t.is(detectionOf({ ...held, enabled: false }, platform).write, undefined)
  }
  for (const platform of ['win32', 'aix']) {
    t.deepEqual(detectionOf(held, platform), { idle: 29_000, write: undefined, connect: undefined })
  }
})

const probed = { enabled: true, time: 14_000, interval: 5000, retries: 3 }

test('a base that no socket could have is refused', (t) => {
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

test('fields that are left out come from the base', (t) => {
  const base = { enabled: true, time: 60_000, interval: 5000, retries: 4, userTimeout: 30_000 }
  t.deepEqual(planKeepAlive({ interval: 7000 }, base).settings, { ...base, interval: 7000 })
  t.deepEqual(planKeepAlive(false, base).settings, { ...base, enabled: false })
  t.is(planKeepAlive(false, base).detection.idle, Number.POSITIVE_INFINITY)
})

/** tcp_keepalive_timer() of net/ipv4/tcp_timer.c, step by step: when the kernel gives up a peer that never answers. */
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

test('an idle dead peer is detected when the kernel, simulated step by step, gives it up', (t) => {
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

test('a plan of planned values has the same values, and a longer deadline never ends sooner', (t) => {
  const deadline = fc.double({ min: 5000, max: 73_723_500, noNaN: true })
  fc.assert(
    fc.property(deadline, deadline, (one, other) => {
      const plan = planKeepAlive({ detectWithin: Math.min(one, other) })
      const again = planKeepAlive(plan.settings)
      t.deepEqual(again.settings, plan.settings)
      t.deepEqual(again.detection, plan.detection)
      t.deepEqual(planKeepAlive({}, plan.settings), again)
      const longer = planKeepAlive({ detectWithin: Math.max(one, other) })
      for (const what of ['idle', 'write', 'connect'] as const) {
        t.true((plan.detection[what] ?? 0) <= (longer.detection[what] ?? 0))
      }
    }),
    { numRuns: 1000 },
  )
})
