/** Which results `npm run bench -- --check` reports as worse. */
import test from 'ava'
import type { Spread } from '../../bench/paired.ts'
import { isSameMachine, regressions } from '../../bench/regressions.ts'
import type { Measurement } from '../../bench/rows.ts'

const spread = (median: number): Spread => ({ low: median - 0.01, median, high: median + 0.01 })
const named = (...all: readonly Measurement[]): ReadonlyMap<string, Measurement> =>
  new Map(all.map((one) => [one.name, one]))

test('a ratio is worse if it is more than a tenth above the recorded one, whatever the times are', (t) => {
  const recorded = named(
    { name: 'set', reference: 1000, measured: 1000, ratio: spread(1) },
    { name: 'get', reference: 1000, measured: 1300, ratio: spread(1.3) },
    { name: 'ps-ss', times: spread(2) },
  )
  const slow = { reference: 9000, measured: 9900 }
  t.deepEqual(regressions(recorded, named({ name: 'set', ...slow, ratio: spread(1.1) })), [])
  t.deepEqual(regressions(recorded, named({ name: 'get', ...slow, ratio: spread(1.1) })), [])
  t.deepEqual(regressions(recorded, named({ name: 'set', ...slow, ratio: spread(1.11) })), [
    { name: 'set', before: 1, now: 1.11 },
  ])
  t.deepEqual(regressions(recorded, named({ name: 'ps-ss', times: spread(2.3) })), [
    { name: 'ps-ss', before: 2, now: 2.3 },
  ])
})

test('a figure that is not a ratio, or was not recorded, is not compared', (t) => {
  const recorded = named({ name: 'growth', residentMb: 1 })
  t.deepEqual(regressions(recorded, named({ name: 'growth', residentMb: 9 })), [])
  t.deepEqual(regressions(recorded, named({ name: 'new', ratio: spread(9) })), [])
})

test('machines are the same if processor, system, Node and binary are', (t) => {
  const here = '2 × AMD EPYC, 24 GiB, Linux 6.18.44, Node 24.21.0 and 26.10.0, the binary of npm run build'
  t.true(isSameMachine(here, here.replace('24 GiB, Linux 6.18.44', '31 GiB, Linux 6.1')))
  for (const [from, to] of [
    ['2 ×', '8 ×'],
    ['AMD EPYC', 'Intel Xeon'],
    ['24.21.0', '24.22.0'],
    ['of npm run build', 'as released (npm run build -- all)'],
  ] as const) {
    t.false(isSameMachine(here, here.replace(from, to)), to)
  }
})
