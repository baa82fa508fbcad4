/** The solver, with the limits of every platform, and compared with the kernel's rules with timers as late as possible. */
import test from 'ava'
import fc from 'fast-check'
import { type Capability, capabilitiesOf } from '../../src/settings/capabilities.ts'
import { type SolvedValues, solveDetectWithin } from '../../src/settings/detect-within.ts'

const SHORTEST = 5000
const linux = capabilitiesOf('linux')

for (const platform of ['linux', 'android', 'darwin', 'freebsd', 'win32']) {
  const can = capabilitiesOf(platform)
  const solve = (detectWithin: number): SolvedValues => solveDetectWithin(detectWithin, can)
  const longest = longestNamed(() => solve(Number.MAX_SAFE_INTEGER))

  test(`${platform}: every deadline up to the longest, ${longest} ms, has values within its limits`, (t) => {
    t.true(longest > 10 * 3_600_000, String(longest))
    const anywhere = fc.double({ min: SHORTEST, max: longest, noNaN: true })
    const nearTheEnd = fc.double({ min: 0, max: 100_000, noNaN: true }).map((less) => longest - less)
    fc.assert(
      fc.property(fc.oneof(anywhere, nearTheEnd), (detectWithin) => {
        const { timeSeconds, intervalSeconds, retries, userTimeoutMs, rtoMaxMs } = solve(detectWithin)
        t.true(fits(timeSeconds * 1000, can.time), `time ${timeSeconds}`)
        t.true(fits(intervalSeconds * 1000, can.interval), `interval ${intervalSeconds}`)
        t.true(fits(retries, can.retries), `retries ${retries}`)
        t.true(fits(userTimeoutMs, can.userTimeout), `user timeout ${userTimeoutMs}`)
        t.true(Number.isInteger(rtoMaxMs) && rtoMaxMs >= 1000 && rtoMaxMs <= 120_000, `${rtoMaxMs}`)
        t.true(
          rtoMaxMs <= Math.max(1000, detectWithin / 5) && rtoMaxMs > Math.min(120_000, detectWithin / 5) - 1,
        )
      }),
      { numRuns: 3000 },
    )
    t.notThrows(() => solve(longest))
  })

  test(`${platform}: a longer deadline is a RangeError, because no values would fit`, (t) => {
    const outside = fc.oneof(
      fc.double({ min: longest, minExcluded: true, noNaN: true }),
      fc.double({ max: SHORTEST, maxExcluded: true }),
    )
    fc.assert(
      fc.property(outside, (detectWithin) => {
        const error = t.throws(() => solve(detectWithin), {
          instanceOf: RangeError,
          code: 'ERR_OUT_OF_RANGE',
        })
        t.true(error.message.includes(`<= ${longest} milliseconds`), error.message)
      }),
    )
    // Without limits: a deadline longer by a second and an eighth does not fit.
    const wide = (like: Capability): Capability => ({ ...like, max: like.max * 1000 })
    const next = { ...can, time: wide(can.time), userTimeout: wide(can.userTimeout) }
    const { timeSeconds, userTimeoutMs } = solveDetectWithin(longest + 1125, next)
    t.false(fits(timeSeconds * 1000, can.time) && fits(userTimeoutMs, can.userTimeout))
  })
}

const deadline = fc.oneof(
  fc.integer({ min: SHORTEST, max: 200_000 }),
  fc.integer({ min: SHORTEST, max: 73_723_500 }),
)

test('the values are those of the rule', (t) => {
  fc.assert(
    fc.property(deadline, (detectWithin) => {
      const { timeSeconds, intervalSeconds, retries, userTimeoutMs } = solveDetectWithin(detectWithin, linux)
      const total = timeSeconds + intervalSeconds * retries
      // Eight ninths of the deadline in whole seconds, and no less.
      t.true(total * 9000 <= detectWithin * 8 && (total + 1) * 9000 > detectWithin * 8)
      t.is(retries, Math.min(5, total - 1))
      t.true(intervalSeconds === 1 || Math.abs(intervalSeconds - total / 10) <= 0.5)
      t.is(userTimeoutMs, total * 1000 - 500)
      // The probing takes at least a third, so that a useful outage is survived.
      t.true(intervalSeconds * retries * 3 >= total)
      t.true(timeSeconds >= intervalSeconds)
    }),
    { numRuns: 3000 },
  )
})

test('a dead peer is detected by the deadline, however late each timer is, waiting and writing', (t) => {
  const late = fc.array(fc.double({ min: 1, max: 9 / 8, noNaN: true }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(deadline, late, fc.boolean(), (detectWithin, lateness, withUserTimeout) => {
      const solved = solveDetectWithin(detectWithin, linux)
      const values = withUserTimeout ? solved : { ...solved, userTimeoutMs: 0 }
      const { told, lastProbe, firstProbe } = idleKernel(values, lateness)
      t.true(told <= detectWithin, `told at ${told}`)
      // An outage that begins right before the first probe is survived if it ends before the last one.
      const { intervalSeconds, retries } = solved
      const lost = lateness.every((each) => each === 1) ? 1 : 2 // late timers may cost one probe
      t.true(lastProbe - firstProbe >= intervalSeconds * 1000 * (retries - lost))
      t.true((solved.userTimeoutMs + 500) * (9 / 8) <= detectWithin)
    }),
    { numRuns: 5000 },
  )
})

test('if the system counts a user timeout in seconds, a solved one is rounded down', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: SHORTEST, max: 1_000_000 }), (detectWithin) => {
      const exact = solveDetectWithin(detectWithin, linux).userTimeoutMs
      const { userTimeoutMs } = solveDetectWithin(detectWithin, capabilitiesOf('darwin'))
      t.is(userTimeoutMs % 1000, 0)
      t.true(userTimeoutMs > 0 && userTimeoutMs <= exact && userTimeoutMs > exact - 1000)
    }),
  )
})

/** tcp_keepalive_timer() of net/ipv4/tcp_timer.c with a peer that never answers. Each timer is late by its factor. */
function idleKernel(
  { timeSeconds, intervalSeconds, retries, userTimeoutMs }: SolvedValues,
  lateness: readonly number[],
): { told: number; firstProbe: number; lastProbe: number } {
  let elapsed = timeSeconds * 1000 * (lateness[0] ?? 1)
  const firstProbe = elapsed
  for (let probes = 0, lastProbe = 0; ; probes++) {
    const isOver = userTimeoutMs > 0 ? elapsed >= userTimeoutMs && probes > 0 : probes >= retries
    if (isOver) return { told: elapsed, firstProbe, lastProbe }
    lastProbe = elapsed
    elapsed += intervalSeconds * 1000 * (lateness[probes + 1] ?? 1)
  }
}

function fits(value: number, { min, max, step }: Capability): boolean {
  return Number.isInteger(value) && value % step === 0 && value >= min && value <= max
}

/** The largest deadline, as the error for a larger one states it. */
function longestNamed(solve: () => unknown): number {
  try {
    solve()
  } catch (error) {
    const [, named] = />= 5000 && <= (\S+) milliseconds/.exec((error as Error).message) ?? []
    return Number(named)
  }
  return Number.NaN
}

for (const [platform, ticks] of [
  ['darwin', 2 ** 31], // milliseconds in timer_diff() of bsd/netinet/tcp_timer.c, which are signed
  ['freebsd', 2 ** 32], // ticks of a millisecond, in tcp_default_ctloutput() of sys/netinet/tcp_usrreq.c
] as const) {
  test(`${platform}: no timer of a solved deadline fires at once, and the kernel's sum of all does not overflow`, (t) => {
    const can = capabilitiesOf(platform)
    const longest = longestNamed(() => solveDetectWithin(Number.MAX_SAFE_INTEGER, can))
    fc.assert(
      fc.property(fc.double({ min: SHORTEST, max: longest, noNaN: true }), (detectWithin) => {
        const { timeSeconds, intervalSeconds, retries } = solveDetectWithin(detectWithin, can)
        t.true(Math.max(timeSeconds, intervalSeconds) * 1000 < ticks)
        t.true((timeSeconds + intervalSeconds * retries) * 1000 < 2 ** 32)
      }),
      { numRuns: 3000 },
    )
    for (const { max } of [can.time, can.interval]) {
      t.true(max < ticks && max + 1000 >= ticks, `${max} is the largest`)
    }
  })
}
