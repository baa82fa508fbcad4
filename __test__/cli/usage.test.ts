import test from 'ava'
import fc from 'fast-check'
import { optionsOf, parse, understood, UsageError, VALUE_OPTIONS } from '../../src/cli/usage.ts'
import { planKeepAlive } from '../../src/settings/plan.ts'

const flags = Object.keys(VALUE_OPTIONS)

/** Plans the options of a command line. */
function plan(args: string[]): unknown {
  const options = optionsOf(parse(args, VALUE_OPTIONS).values)
  return options && understood(() => planKeepAlive(options))
}

test('every command line is understood, or refused with a readable reason', (t) => {
  const flag = fc.constantFrom(...flags.map((name) => `--${name}`), '--', '-t', '--no-time', '--idle')
  const value = fc.constantFrom('30s', '5', '1h', '0', '999', '500ms', '-1s', '=', '')
  const argument = fc.oneof(
    flag,
    value,
    fc.tuple(flag, value).map((both) => both.join('=')),
    fc.string(),
  )
  let planned = 0
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 6 }), (args) => {
      try {
        if (plan(args) !== undefined) planned++
      } catch (error) {
        t.true(error instanceof UsageError, String(error))
        t.false((error as Error).message.includes('options.'), (error as Error).message)
      }
    }),
    { numRuns: 3000 },
  )
  t.true(planned > 30)
})

test('values on a command line are the same as in options', (t) => {
  const seconds = fc.integer({ min: 1, max: 32_767 })
  const values = fc.record({
    time: seconds,
    interval: seconds,
    retries: fc.integer({ min: 1, max: 127 }),
    timeout: seconds,
  })
  fc.assert(
    fc.property(values, ({ time, interval, retries, timeout }) => {
      const flags = [
        '--time',
        `${time}s`,
        `--interval=${interval}s`,
        `--retries=${retries}`,
        '--user-timeout',
        `${timeout}s`,
      ]
      const options = { time: time * 1000, interval: interval * 1000, retries, userTimeout: timeout * 1000 }
      t.deepEqual(plan(flags), planKeepAlive(options))
    }),
  )
})
