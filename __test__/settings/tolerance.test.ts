/** Outages that a living peer survives, compared with the kernel's rules step by step. */
import test from 'ava'
import fc from 'fast-check'
import { planKeepAlive } from '../../src/settings/plan.ts'
import { fewestSyns, toleranceOf } from '../../src/settings/tolerance.ts'

const figures: ReadonlyArray<readonly [deadline: number, idle: number, write: number, connect: number]> = [
  [5, 2000, 2600, 3000],
  [6, 3000, 4000, 3000],
  [10, 4000, 5200, 3000],
  [20, 8000, 14_400, 7000],
  [30, 12_000, 18_400, 15_000],
  [60, 20_000, 36_800, 31_000],
]
for (const [deadline, idle, write, connect] of figures) {
  test(`a deadline of ${deadline} s: a living peer survives ${idle} ms idle, ${write} writing, ${connect} connecting`, (t) => {
    t.deepEqual(planKeepAlive({ detectWithin: deadline * 1000 }).tolerates, { idle, write, connect })
  })
}

test('retransmissions with a user timeout alone are as far apart as the kernel doubles them', (t) => {
  const written = (userTimeout: number): unknown => planKeepAlive({ userTimeout }).tolerates.write
  t.is(written(25_500), 12_800)
  t.is(written(3500), 3200)
  t.is(written(300), 400)
  t.is(written(0), 804_800)
})

test('with keepalive off nothing ends an idle connection, and without a user timeout 63 s of SYNs are certain', (t) => {
  const { idle, connect } = planKeepAlive(false).tolerates
  t.deepEqual({ idle, connect }, { idle: Number.POSITIVE_INFINITY, connect: 63_000 })
})

for (const platform of ['darwin', 'freebsd', 'win32', 'aix']) {
  test(`${platform}: the tolerance is known for probes, and unknown for writing and connecting`, (t) => {
    const held = { enabled: true, time: 11_000, interval: 3000, retries: 5, userTimeout: 25_000 }
    t.deepEqual(toleranceOf(held, 6000, platform), { idle: 12_000, write: undefined, connect: undefined })
    t.is(toleranceOf({ ...held, enabled: false }, 6000, platform).idle, Number.POSITIVE_INFINITY)
  })
}

test('below a user timeout of 7 s a kernel may send three SYNs or fewer', (t) => {
  t.deepEqual([900, 2500, 3500, 7000, 7500, 0].map(fewestSyns), [1, 2, 3, 3, 4, 7])
})

const deadline = fc.integer({ min: 5000, max: 300_000 })
/** How late each timer is: at most an eighth. */
const lateness = fc.array(fc.double({ min: 1, max: 9 / 8, noNaN: true }), { minLength: 40, maxLength: 40 })
/** How long an outage lasts, as a part of the tolerance, and when it begins. */
const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('a write survives every outage shorter than the tolerance, however late the timers are', (t) => {
  fc.assert(
    fc.property(deadline, lateness, part, (detectWithin, late, part) => {
      const { settings, tolerates } = planKeepAlive({ detectWithin })
      const { userTimeout = 0 } = settings
      const rtoMax = Math.min(120_000, Math.max(1000, Math.floor(detectWithin / 5)))
      const over = (tolerates.write ?? Number.NaN) * part
      // tcp_retransmit_timer(): a tail-loss probe, then each wait twice as long as the one before, up to TCP_RTO_MAX_MS.
      let at = 200 * (late[0] ?? 1)
      const end = at + userTimeout
      let gap = 200
      for (let sent = 1; at < over; sent++) {
        at += gap * (late[sent] ?? 9 / 8)
        gap = Math.min(gap * 2, rtoMax)
      }
      t.true(at < end, `asked again after ${at}, given up after ${end}`)
    }),
    { numRuns: 3000 },
  )
})

test('an attempt to connect survives every outage shorter than the tolerance, on older and newer kernels', (t) => {
  fc.assert(
    fc.property(deadline, lateness, part, fc.boolean(), (detectWithin, late, part, isOlder) => {
      const { settings, tolerates } = planKeepAlive({ detectWithin })
      const { userTimeout = 0 } = settings
      const over = (tolerates.connect ?? Number.NaN) * part
      let at = 0
      let gap = 1000
      // tcp_syn_linear_timeouts: four more times the same wait, from Linux 6.5 on.
      for (let sent = 0; at < over; sent++) {
        at += gap * (late[sent] ?? 1)
        if (isOlder || sent >= 4) gap *= 2
      }
      t.true(at < userTimeout, `asked again after ${at}, given up after ${userTimeout}`)
    }),
    { numRuns: 3000 },
  )
})

test('an idle connection survives every outage shorter than the tolerance, whenever it begins', (t) => {
  fc.assert(
    fc.property(deadline, part, part, (detectWithin, part, begins) => {
      const { settings, detection, tolerates } = planKeepAlive({ detectWithin })
      const { time = 0, interval = 0 } = settings
      const begin = begins * time
      const over = begin + tolerates.idle * part
      const probes = Array.from(
        { length: (detection.idle - time) / interval },
        (_, probe) => time + probe * interval,
      )
      t.true(probes.some((at) => at < begin || at > over))
    }),
    { numRuns: 2000 },
  )
})

test('the tolerance of a deadline is at least a quarter of it when idle, and a third when writing from 7 s on', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 7000, max: 600_000 }), (detectWithin) => {
      const { detection, tolerates } = planKeepAlive({ detectWithin })
      t.true(tolerates.idle * 4 >= detection.idle, `idle ${tolerates.idle} of ${detection.idle}`)
      t.true((tolerates.write ?? 0) * 3 >= detection.idle, `write ${tolerates.write} of ${detection.idle}`)
    }),
    { numRuns: 2000 },
  )
})

/**
 * tcp_timers(), TCPT_KEEP, of bsd/netinet/tcp_timer.c in xnu and tcp_timer_keep() of sys/netinet/tcp_timer.c in FreeBSD: the kernel
 * gives up at the first timer at which the silence is as long as time and all intervals. Each timer starts when the one before has
 * fired.
 *
 * @returns from the first probe to the last
 */
function probedForBySilence(
  { time, interval, retries }: { time: number; interval: number; retries: number },
  lateness: readonly number[],
): number {
  let now = time + (lateness[0] ?? 0)
  const first = now
  let last = now
  for (let fired = 1; now < time + interval * retries; fired++) {
    last = now
    now += interval + (lateness[fired % lateness.length] ?? 0)
  }
  return last - first
}

for (const [platform, latest] of [
  ['darwin', 500], // TCP_TIMER_500MS_QUANTUM
  ['freebsd', 10], // a tick, at 100 in a second
] as const) {
  test(`${platform}: an idle connection survives every outage shorter than the tolerance, however late the timers are`, (t) => {
    const seconds = fc.integer({ min: 1, max: 600 }).map((count) => count * 1000)
    const values = fc.record({
      time: seconds,
      interval: seconds,
      retries: fc.integer({ min: 1, max: 20 }),
    })
    const late = fc.array(fc.integer({ min: 0, max: latest }), { minLength: 30, maxLength: 30 })
    fc.assert(
      fc.property(values, late, (held, lateness) => {
        const { idle } = toleranceOf({ ...held, enabled: true, userTimeout: 0 }, undefined, platform)
        const probed = probedForBySilence(held, lateness)
        t.true(probed >= idle, `${probed} of ${idle}`)
      }),
      { numRuns: 5000 },
    )
    // And no longer than that.
    const held = { time: 5000, interval: 1000, retries: 5 }
    const { idle } = toleranceOf({ ...held, enabled: true, userTimeout: 0 }, undefined, platform)
    t.is(idle, platform === 'darwin' ? 3000 : 4000)
    t.true(probedForBySilence(held, [latest]) <= idle + (platform === 'darwin' ? 0 : latest * held.retries))
  })
}
