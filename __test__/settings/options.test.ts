import test from 'ava'
import fc from 'fast-check'
import { LEAVE, resolveOptions, type KeepAliveOptions } from '../../src/settings/options.ts'

/** Values that a JavaScript program may pass, whatever the types say. */
const resolve = (options: unknown): unknown => resolveOptions(options as KeepAliveOptions)

test('durations are rounded up to whole seconds', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 1000, max: 32_767_000, noNaN: true }), (time) => {
      const { timeSeconds } = resolveOptions({ time })
      t.true(Number.isInteger(timeSeconds) && timeSeconds * 1000 >= time && (timeSeconds - 1) * 1000 < time)
    }),
  )
})

test('a field that is left out or undefined is not changed', (t) => {
  const left = { timeSeconds: LEAVE, intervalSeconds: LEAVE, retries: LEAVE, userTimeoutMs: LEAVE }
  t.deepEqual(resolveOptions({}), { enabled: true, ...left })
  const nothing = { enabled: undefined, time: undefined, detectWithin: undefined, userTimeout: undefined }
  t.deepEqual(resolveOptions(nothing), { enabled: true, ...left })
  t.deepEqual(resolveOptions({ enabled: false }), { enabled: false, ...left })
  t.deepEqual(resolveOptions(false), { enabled: false, ...left })
})

test('one number n is time n, interval max(1, n/3), retries 3', (t) => {
  const recipe = (time: number, interval: number): unknown => {
    return { enabled: true, timeSeconds: time, intervalSeconds: interval, retries: 3, userTimeoutMs: LEAVE }
  }
  t.deepEqual(resolveOptions(10_000), recipe(10, 3))
  t.deepEqual(resolveOptions(2000), recipe(2, 1))
  t.deepEqual(resolveOptions(1000), recipe(1, 1))
  t.deepEqual(resolveOptions(9001), recipe(10, 3))
})

const outOfRange: ReadonlyArray<readonly [string, unknown]> = [
  ['time 0', { time: 0 }],
  ['time negative', { time: -1000 }],
  ['time NaN', { time: Number.NaN }],
  ['time Infinity', { time: Number.POSITIVE_INFINITY }],
  ['time 999 ms', { time: 999 }],
  ['time above 32 767 s', { time: 32_767_001 }],
  ['interval 999 ms', { interval: 999 }],
  ['interval above 32 767 s', { interval: 32_767_001 }],
  ['retries 0', { retries: 0 }],
  ['retries 128', { retries: 128 }],
  ['retries 1.5', { retries: 1.5 }],
  ['retries NaN', { retries: Number.NaN }],
  ['userTimeout negative', { userTimeout: -1 }],
  ['userTimeout 2^31', { userTimeout: 2 ** 31 }],
  ['userTimeout NaN', { userTimeout: Number.NaN }],
  ['detectWithin 4999', { detectWithin: 4999 }],
  ['detectWithin Infinity', { detectWithin: Number.POSITIVE_INFINITY }],
  ['detectWithin above what the longest time can keep', { detectWithin: 73_723_501 }],
  ['the one number below 1000', 60],
  ['the one number NaN', Number.NaN],
]
for (const [what, options] of outOfRange) {
  test(`${what} is a RangeError`, (t) => {
    t.throws(() => resolve(options), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' })
  })
}

const wrongTypes: ReadonlyArray<readonly [string, unknown]> = [
  ['null', null],
  ['undefined', undefined],
  ['a string', '30s'],
  ['an array', [1000]],
  ['a function', () => 1000],
  ['true', true],
  ['time as a string', { time: '1000' }],
  ['time null', { time: null }],
  ['interval as a bigint', { interval: 1000n }],
  ['retries as a string', { retries: '3' }],
  ['userTimeout true', { userTimeout: true }],
  ['enabled as a number', { enabled: 1 }],
  ['detectWithin as a string', { detectWithin: '30s' }],
]
for (const [what, options] of wrongTypes) {
  test(`${what} is a TypeError`, (t) => {
    t.throws(() => resolve(options), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' })
  })
}

test('a user timeout has a deadline only if a deadline was solved for it', (t) => {
  const { deadlineMs, rtoMaxMs, ...solved } = resolveOptions({ detectWithin: 30_000 })
  t.deepEqual({ deadlineMs, rtoMaxMs }, { deadlineMs: 30_000, rtoMaxMs: 6000 })
  const without = [
    { detectWithin: 30_000, userTimeout: 0 } as const,
    { userTimeout: solved.userTimeoutMs },
    { time: 11_000 },
    30_000,
    false as const,
  ]
  for (const options of without) {
    const values = resolveOptions(options)
    t.false('deadlineMs' in values || 'rtoMaxMs' in values, JSON.stringify(options))
  }
  t.deepEqual(resolveOptions({ detectWithin: 30_000, userTimeout: 0 }), { ...solved, userTimeoutMs: 0 })
})

test('the error for a value that looks like seconds says that milliseconds are expected', (t) => {
  const error = t.throws(() => resolve({ time: 60 }), { code: 'ERR_OUT_OF_RANGE' })
  t.regex(error.message, /milliseconds \(for 60 seconds write 60000\)/)
})

test('the error for a deadline that looks like seconds says so too', (t) => {
  const error = t.throws(() => resolve({ detectWithin: 30 }), { code: 'ERR_OUT_OF_RANGE' })
  t.regex(error.message, /milliseconds \(for 30 seconds write 30000\)/)
})

test('an error is complete even if stacks are not text', (t) => {
  const { prepareStackTrace } = Error
  Error.prepareStackTrace = (_error, sites) => sites
  t.teardown(() => void (Error.prepareStackTrace = prepareStackTrace))
  t.throws(() => resolve({ time: 1 }), { code: 'ERR_OUT_OF_RANGE' })
})

test("the error for the arguments of Node's call shows this package's call", (t) => {
  const error = t.throws(() => resolve(true), { code: 'ERR_INVALID_ARG_TYPE' })
  t.regex(error.message, /setKeepAlive\(socket, \{ time: 60000 \}\)/)
})

const hints: ReadonlyArray<readonly [string, string]> = [
  ['initialDelay', 'time'],
  ['idle', 'time'],
  ['count', 'retries'],
  ['probes', 'retries'],
]
for (const [other, right] of hints) {
  test(`"${other}" is an error that names "${right}"`, (t) => {
    const error = t.throws(() => resolve({ [other]: 5000 }), { code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION' })
    t.true(error.message.includes(`"${right}"`))
  })
}

test('any other unknown option is an error that lists the known ones', (t) => {
  const error = t.throws(() => resolve({ toString: 1 }), { code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION' })
  t.regex(error.message, /enabled, time, interval, retries, userTimeout and detectWithin/)
})

test('the error for "match" among the values says where it belongs', (t) => {
  const options = { detectWithin: 30_000, match: '*:5432' }
  const error = t.throws(() => resolve(options), { code: 'ERR_TCP_KEEPALIVE_UNKNOWN_OPTION' })
  t.regex(error.message, /beside the values: installKeepAlive\(values, \{ match: '\*:5432' \}\)/)
})

for (const other of ['time', 'interval', 'retries', 'userTimeout']) {
  test(`detectWithin together with ${other} is a conflict`, (t) => {
    const options = { detectWithin: 30_000, [other]: 5000 }
    t.throws(() => resolve(options), { code: 'ERR_TCP_KEEPALIVE_CONFLICTING_OPTIONS' })
  })
}

test("an error shows its code in the first line of its stack, like Node's errors", (t) => {
  const ours = t.throws(() => resolve({ idle: 1 }))
  t.regex(ours.stack ?? '', /^TcpKeepAliveError \[ERR_TCP_KEEPALIVE_UNKNOWN_OPTION\]: Unknown option/)
  const range = t.throws(() => resolve({ time: 1 }))
  t.regex(range.stack ?? '', /^RangeError \[ERR_OUT_OF_RANGE\]: /)
})

test('whatever is given, the result is values in range or an error with a code', (t) => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: true })
  const field = fc.oneof(anything, fc.double(), fc.integer())
  const names = ['enabled', 'time', 'interval', 'retries', 'userTimeout', 'detectWithin'] as const
  const record = fc.record(Object.fromEntries(names.map((name) => [name, field])), { requiredKeys: [] })
  fc.assert(
    fc.property(fc.oneof(anything, record), (options) => {
      try {
        const values = resolveOptions(options as KeepAliveOptions)
        t.true(values.timeSeconds === LEAVE || (values.timeSeconds >= 1 && values.timeSeconds <= 32_767))
        t.true(values.retries === LEAVE || (values.retries >= 1 && values.retries <= 127))
        t.true(
          values.userTimeoutMs === LEAVE || (values.userTimeoutMs >= 0 && values.userTimeoutMs < 2 ** 31),
        )
      } catch (error) {
        t.regex(String((error as { code?: unknown }).code), /^ERR_/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('every value within the limits is accepted, and the next one outside is a RangeError', (t) => {
  const limits = [
    ['time', 1000, 32_767_000],
    ['interval', 1000, 32_767_000],
    ['retries', 1, 127],
    ['userTimeout', 0, 2 ** 31 - 1],
  ] as const
  const within = fc
    .constantFrom(...limits)
    .chain(([name, min, max]) => fc.tuple(fc.constant(name), fc.integer({ min, max })))
  fc.assert(
    fc.property(within, ([name, value]) => {
      const { timeSeconds, intervalSeconds, retries, userTimeoutMs } = resolveOptions({ [name]: value })
      const all = { time: timeSeconds, interval: intervalSeconds, retries, userTimeout: userTimeoutMs }
      const { [name]: got, ...others } = all
      t.is(got, name === 'time' || name === 'interval' ? Math.ceil(value / 1000) : value)
      t.true(Object.values(others).every((other) => other === LEAVE))
    }),
    { numRuns: 2000 },
  )
  const outside = fc
    .constantFrom(...limits)
    .chain(([name, min, max]) =>
      fc.tuple(fc.constant(name), fc.oneof(fc.double({ max: min - 1 }), fc.double({ min: max + 1 }))),
    )
  fc.assert(
    fc.property(outside, ([name, value]) => {
      t.throws(() => resolve({ [name]: value }), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' })
    }),
    { numRuns: 2000 },
  )
})
