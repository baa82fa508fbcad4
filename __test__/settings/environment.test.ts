import test from 'ava'
import fc from 'fast-check'
import { outOfRange } from '../../src/settings/errors.ts'
import { inVariables, isLogged, isOff, isRequired, readEnvironment } from '../../src/settings/environment.ts'

test('each variable sets its option', (t) => {
  const asked = readEnvironment({
    TCP_KEEPALIVE_TIME: '30s',
    TCP_KEEPALIVE_INTERVAL: '2500ms',
    TCP_KEEPALIVE_RETRIES: '4',
    TCP_KEEPALIVE_USER_TIMEOUT: '1m',
    TCP_KEEPALIVE_MATCH: '5432,*.internal:*',
    TCP_KEEPALIVE_REACH: 'Process',
    TCP_KEEPALIVE: 'on',
    PATH: '/bin',
  })
  t.deepEqual(asked, {
    options: { time: 30_000, interval: 2500, retries: 4, userTimeout: 60_000 },
    leavesUserTimeout: false,
    match: ['5432', '*.internal:*'],
    reach: 'process',
  })
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE_DETECT_WITHIN: '1h' })?.options, { detectWithin: 3_600_000 })
})

test('TCP_KEEPALIVE_USER_TIMEOUT=leave is not a value, and is reported separately', (t) => {
  const { options, leavesUserTimeout } = readEnvironment({ TCP_KEEPALIVE_USER_TIMEOUT: 'leave' })
  t.deepEqual([options, leavesUserTimeout], [{}, true])
})

test('TCP_KEEPALIVE_ACCEPTED is 1, or a list of ports', (t) => {
  const accepted = (text: string): unknown => readEnvironment({ TCP_KEEPALIVE_ACCEPTED: text }).accepted
  t.is(accepted('1'), true)
  t.deepEqual(accepted('8080, 8443,'), [8080, 8443])
  t.is(accepted('0'), undefined)
  t.is(accepted(''), undefined)
})

test('unset or empty variables give no values', (t) => {
  const nothing = { options: {}, leavesUserTimeout: false, match: undefined, reach: 'thread' }
  t.deepEqual(readEnvironment({}), nothing)
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE: '', TCP_KEEPALIVE_TIME: '', TCP_KEEPALIVE_IDLE: '' }), nothing)
})

test('empty items and blanks between patterns are ignored', (t) => {
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE_MATCH: '*:5432, db.internal,,' }).match, [
    '*:5432',
    'db.internal',
  ])
})

test('off turns everything off, whatever else is set', (t) => {
  t.true(isOff({ TCP_KEEPALIVE: 'off', TCP_KEEPALIVE_TIME: 'nonsense' }))
  t.true(isOff({ TCP_KEEPALIVE: 'OFF' }))
  t.false(isOff({ TCP_KEEPALIVE: 'on' }))
  t.false(isOff({ TCP_KEEPALIVE_TIME: '30s' }))
})

const wrong: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['TCP_KEEPALIVE', 'false', /TCP_KEEPALIVE: "false" is not understood: write "off" or "on"/],
  ['TCP_KEEPALIVE_REQUIRED', 'yes', /TCP_KEEPALIVE_REQUIRED: "yes" .* 1 or 0/],
  ['TCP_KEEPALIVE_LOG', 'yes', /TCP_KEEPALIVE_LOG: "yes" .* 1 or 0/],
  ['TCP_KEEPALIVE_TIME', '30', /TCP_KEEPALIVE_TIME: "30" is not a duration: .*30s or 30ms/],
  ['TCP_KEEPALIVE_RETRIES', '5s', /TCP_KEEPALIVE_RETRIES: "5s" is not a count/],
  ['TCP_KEEPALIVE_MATCH', 'db,x:0', /^TCP_KEEPALIVE_MATCH: "x:0" does not say which peers: a port is 1 to/],
  ['TCP_KEEPALIVE_MATCH', ' ,', /^TCP_KEEPALIVE_MATCH: " ," is not understood: it names no peer/],
  [
    'TCP_KEEPALIVE_ACCEPTED',
    'yes',
    /^TCP_KEEPALIVE_ACCEPTED: "yes" is not understood: write 1, or the local/,
  ],
  ['TCP_KEEPALIVE_ACCEPTED', '8080,x', /"8080,x" is not understood/],
  ['TCP_KEEPALIVE_ACCEPTED', ',', /"," is not understood/],
  ['TCP_KEEPALIVE_IDLE', '30s', /TCP_KEEPALIVE_IDLE is not known: here it is called TCP_KEEPALIVE_TIME/],
  ['TCP_KEEPALIVE_PROBES', '3', /here it is called TCP_KEEPALIVE_RETRIES/],
  ['TCP_KEEPALIVE_FOO', '1', /the variables are TCP_KEEPALIVE, .*TCP_KEEPALIVE_DETECT_WITHIN/],
  ['TCP_KEEPALIVE_constructor', '1', /is not known: the variables are/],
]
for (const [name, text, message] of wrong) {
  test(`${name}=${text} is refused, and the error names the variable`, (t) => {
    t.throws(() => readEnvironment({ [name]: text }), { code: 'ERR_INVALID_ARG_VALUE', message })
  })
}

test('any text except an empty one and 0 makes it required', (t) => {
  t.false(isRequired({}))
  t.false(isRequired({ TCP_KEEPALIVE_REQUIRED: '0' }))
  t.false(isRequired({ TCP_KEEPALIVE_REQUIRED: '' }))
  t.true(isRequired({ TCP_KEEPALIVE_REQUIRED: '1' }))
  t.true(isRequired({ TCP_KEEPALIVE_REQUIRED: 'yes' }))
})

test('only 1 turns the log on', (t) => {
  t.true(isLogged({ TCP_KEEPALIVE_LOG: '1' }))
  t.false(isLogged({ TCP_KEEPALIVE_LOG: '0' }))
  t.false(isLogged({}))
})

test('errors name options by their variables', (t) => {
  t.is(
    inVariables('The value of "options.time" is out of range. Received 100'),
    'The value of TCP_KEEPALIVE_TIME is out of range. Received 100',
  )
  t.is(inVariables('"detectWithin" and "db:5432"'), 'TCP_KEEPALIVE_DETECT_WITHIN and "db:5432"')
})

test('an error for a value out of range uses the units of the variable', (t) => {
  const told = (option: string, range: string, received: number): string =>
    inVariables(outOfRange(`options.${option}`, range, received).message)
  t.is(
    told('detectWithin', '>= 5000 && <= 73723500 milliseconds', 3000),
    'The value of TCP_KEEPALIVE_DETECT_WITHIN is out of range. It must be from 5 s to 20 h 28 min 43.5 s. Received 3 s',
  )
  t.regex(
    told('time', '>= 1000 && <= 32767000 milliseconds (for 30 seconds write 30000)', 30),
    /from 1 s to .* Received 30 ms$/,
  )
  t.regex(
    told('userTimeout', '0, or >= 1 && <= 2147483647 milliseconds', 3e9),
    /must be 0, or from 1 ms to 24 d .*Received 34 d/,
  )
  t.regex(told('retries', 'an integer >= 1 && <= 127', 200), />= 1 && <= 127. Received 200$/)
})

const seconds = fc.integer({ min: 1, max: 32_767 })

test('values written as variables are read back as options, whatever else is in the environment', (t) => {
  const others = fc.dictionary(
    fc.string().filter((name) => !name.startsWith('TCP_KEEPALIVE')),
    fc.string(),
  )
  const values = fc.record({ time: seconds, interval: seconds, retries: fc.integer({ min: 1, max: 127 }) })
  fc.assert(
    fc.property(values, others, ({ time, interval, retries }, others) => {
      const asked = readEnvironment({
        ...others,
        TCP_KEEPALIVE_TIME: `${time}s`,
        TCP_KEEPALIVE_INTERVAL: `${interval * 1000}ms`,
        TCP_KEEPALIVE_RETRIES: ` ${retries} `,
      })
      t.deepEqual(asked, {
        options: { time: time * 1000, interval: interval * 1000, retries },
        leavesUserTimeout: false,
        match: undefined,
        reach: 'thread',
      })
    }),
  )
})

test('any variables are understood, or a TypeError with a code names one of them', (t) => {
  const known = [
    '',
    '_TIME',
    '_INTERVAL',
    '_RETRIES',
    '_USER_TIMEOUT',
    '_DETECT_WITHIN',
    '_MATCH',
    '_REACH',
    '_REQUIRED',
  ]
  const name = fc.oneof(
    fc.constantFrom(...known).map((end) => `TCP_KEEPALIVE${end}`),
    fc.string().map((end) => `TCP_KEEPALIVE_${end}`),
  )
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('off', 'on', '0', '1', '30s', '5', '*:5432', '10.0.0.0/8,db', '[::1]:1', ',', undefined),
  )
  let understood = 0
  fc.assert(
    fc.property(fc.dictionary(name, text, { maxKeys: 5 }), (variables) => {
      try {
        readEnvironment(variables)
        understood++
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        t.true(error instanceof TypeError)
        t.is(code, 'ERR_INVALID_ARG_VALUE')
        t.true(
          Object.keys(variables).some((name) => message.startsWith(name)),
          message,
        )
      }
    }),
    { numRuns: 2000 },
  )
  t.true(understood > 100)
})
