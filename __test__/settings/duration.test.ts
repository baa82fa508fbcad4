import test from 'ava'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../src/settings/duration.ts'

test('a duration is a number and its unit', (t) => {
  const written = { '500ms': 500, '30s': 30_000, '2m': 120_000, '1h': 3_600_000, '1.5s': 1500, ' 7 S ': 7000 }
  for (const [text, ms] of Object.entries(written)) t.is(parseDuration(text), ms, text)
})

test('0 needs no unit; any other number without a unit is refused with a hint', (t) => {
  t.is(parseDuration('0'), 0)
  t.throws(() => parseDuration('30'), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
    message: '"30" is not a duration: a duration needs its unit: 30s or 30ms',
  })
})

test('anything else is refused', (t) => {
  for (const text of [
    '',
    ' ',
    's',
    'ms',
    '-1s',
    '+1s',
    '1 s s',
    '1e3s',
    '0x1s',
    '1d',
    '30sec',
    '1,5s',
    'NaN',
    '∞s',
  ]) {
    t.throws(() => parseDuration(text), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' }, text)
  }
})

test('every whole number of every unit is parsed as its milliseconds', (t) => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.constantFrom(...Object.entries(units)), (count, [unit, ms]) => {
      t.is(parseDuration(`${count}${unit}`), count * ms)
    }),
  )
})

test('any text is either a finite duration that is not negative, or a TypeError', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        const ms = parseDuration(text)
        t.true(Number.isFinite(ms) && ms >= 0)
      } catch (error) {
        t.true(error instanceof TypeError)
      }
    }),
  )
})

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

test('a text that looks like a duration is read as its number, or is a TypeError with a code', (t) => {
  const digits = fc.stringMatching(/^\d{1,15}$/)
  const written = fc.record({
    before: fc.stringMatching(/^[ \t]{0,2}$/),
    whole: digits,
    fraction: fc.option(fc.stringMatching(/^\d{0,6}$/)),
    between: fc.stringMatching(/^ {0,2}$/),
    unit: fc.constantFrom('ms', 's', 'm', 'h', 'S', 'Ms', 'H', '', 'd', 'sec'),
  })
  fc.assert(
    fc.property(written, ({ before, whole, fraction, between, unit }) => {
      const number = fraction === null ? whole : `${whole}.${fraction}`
      const text = `${before}${number}${between}${unit}`
      const inMs = UNITS[unit.toLowerCase() as keyof typeof UNITS] ?? (unit === '' ? 0 : undefined)
      const isRight = fraction !== '' && inMs !== undefined && (unit !== '' || Number(number) === 0)
      if (isRight) t.is(parseDuration(text), Number(number) * inMs, text)
      else t.throws(() => parseDuration(text), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' }, text)
    }),
    { numRuns: 2000 },
  )
})

test('the displayed text adds up to the duration, to a tenth of a second', (t) => {
  const shown = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1000, ms: 1 }
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (ms) => {
      const parts = formatDuration(ms).split(/ (?=\d)/)
      const sum = parts.reduce((sum, part) => {
        const [count, unit] = part.split(' ')
        return sum + Number(count) * shown[unit as keyof typeof shown]
      }, 0)
      t.true(Math.abs(sum - ms) <= 50.001, `${ms} is shown as ${parts.join(' ')}`)
    }),
    { numRuns: 2000 },
  )
})
