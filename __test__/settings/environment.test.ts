import test from 'ava'
import { inVariables, isRequired, readEnvironment } from '../../src/settings/environment.ts'

test('each variable has its option', (t) => {
  const asked = readEnvironment({
    TCP_KEEPALIVE_TIME: '30s',
    TCP_KEEPALIVE_INTERVAL: '2500ms',
    TCP_KEEPALIVE_RETRIES: '4',
    TCP_KEEPALIVE_USER_TIMEOUT: '1m',
    TCP_KEEPALIVE_MATCH: '5432,*.internal:*',
    TCP_KEEPALIVE: 'on',
    PATH: '/bin',
  })
  t.deepEqual(asked, {
    options: { time: 30_000, interval: 2500, retries: 4, userTimeout: 60_000 },
    match: ['5432', '*.internal:*'],
  })
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE_DETECT_WITHIN: '1h' })?.options, { detectWithin: 3_600_000 })
})

test('nothing set, or set to nothing, asks for no values', (t) => {
  const nothing = { options: {}, match: undefined }
  t.deepEqual(readEnvironment({}), nothing)
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE: '', TCP_KEEPALIVE_TIME: '', TCP_KEEPALIVE_IDLE: '' }), nothing)
})

test('empty items and blanks between the patterns count for nothing', (t) => {
  t.deepEqual(readEnvironment({ TCP_KEEPALIVE_MATCH: '*:5432, db.internal,,' })?.match, [
    '*:5432',
    'db.internal',
  ])
})

test('off is off, whatever else is there', (t) => {
  t.is(readEnvironment({ TCP_KEEPALIVE: 'off', TCP_KEEPALIVE_TIME: 'nonsense' }), undefined)
  t.is(readEnvironment({ TCP_KEEPALIVE: 'OFF' }), undefined)
})

const wrong: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['TCP_KEEPALIVE', 'false', /TCP_KEEPALIVE: "false" is not understood: it is "off" or "on"/],
  ['TCP_KEEPALIVE_REQUIRED', 'yes', /TCP_KEEPALIVE_REQUIRED: "yes" .* 1 or 0/],
  ['TCP_KEEPALIVE_TIME', '30', /TCP_KEEPALIVE_TIME: "30" is not a duration: .*30s or 30ms/],
  ['TCP_KEEPALIVE_RETRIES', '5s', /TCP_KEEPALIVE_RETRIES: "5s" is not a count/],
  ['TCP_KEEPALIVE_MATCH', 'db,x:0', /^TCP_KEEPALIVE_MATCH: "x:0" does not say which peers: a port is 1 to/],
  ['TCP_KEEPALIVE_MATCH', ' ,', /^TCP_KEEPALIVE_MATCH: " ," is not understood: it names no peer/],
  ['TCP_KEEPALIVE_IDLE', '30s', /TCP_KEEPALIVE_IDLE is not known: here it is called TCP_KEEPALIVE_TIME/],
  ['TCP_KEEPALIVE_PROBES', '3', /here it is called TCP_KEEPALIVE_RETRIES/],
  ['TCP_KEEPALIVE_FOO', '1', /the variables are TCP_KEEPALIVE, .*TCP_KEEPALIVE_DETECT_WITHIN/],
  ['TCP_KEEPALIVE_constructor', '1', /is not known: the variables are/],
]
for (const [name, text, message] of wrong) {
  test(`${name}=${text} is refused by its name`, (t) => {
    t.throws(() => readEnvironment({ [name]: text }), { code: 'ERR_INVALID_ARG_VALUE', message })
  })
}

test('anything but nothing and 0 makes it required', (t) => {
  t.false(isRequired({}))
  t.false(isRequired({ TCP_KEEPALIVE_REQUIRED: '0' }))
  t.false(isRequired({ TCP_KEEPALIVE_REQUIRED: '' }))
  t.true(isRequired({ TCP_KEEPALIVE_REQUIRED: '1' }))
  t.true(isRequired({ TCP_KEEPALIVE_REQUIRED: 'yes' }))
})

test('options are called by their variables', (t) => {
  t.is(
    inVariables('The value of "options.time" is out of range. Received 100'),
    'The value of TCP_KEEPALIVE_TIME is out of range. Received 100',
  )
  t.is(inVariables('"detectWithin" and "db:5432"'), 'TCP_KEEPALIVE_DETECT_WITHIN and "db:5432"')
})
