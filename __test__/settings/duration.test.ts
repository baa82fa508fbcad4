import test from 'ava'
import fc from 'fast-check'
import { parseDuration } from '../../src/settings/duration.ts'

test('a duration is a number and its unit', (t) => {
  const written = { '500ms': 500, '30s': 30_000, '2m': 120_000, '1h': 3_600_000, '1.5s': 1500, ' 7 S ': 7000 }
  for (const [text, ms] of Object.entries(written)) t.is(parseDuration(text), ms, text)
})

test('0 needs no unit, any other number does, and is told so', (t) => {
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

test('every whole number of every unit comes back as its milliseconds', (t) => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.constantFrom(...Object.entries(units)), (count, [unit, ms]) => {
      t.is(parseDuration(`${count}${unit}`), count * ms)
    }),
  )
})

test('any text is either a finite duration, not negative, or a TypeError', (t) => {
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
