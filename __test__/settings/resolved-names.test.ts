import test from 'ava'
import fc from 'fast-check'
import { ResolvedNames } from '../../src/settings/resolved-names.ts'

test('an address has the names that were resolved to it', (t) => {
  const names = new ResolvedNames()
  t.deepEqual(names.of('10.0.0.1'), [])
  t.deepEqual(names.note('db.test', ['10.0.0.1', '10.0.0.2'], [4]), ['10.0.0.1', '10.0.0.2'])
  t.deepEqual(names.note('cache.test', ['10.0.0.1'], [4]), ['10.0.0.1'])
  t.deepEqual(names.of('10.0.0.1'), ['db.test', 'cache.test'])
  t.deepEqual(names.of('::ffff:10.0.0.2'), ['db.test'], 'mapped into IPv6 it is the same address')
  t.deepEqual(names.note('six.test', ['fd00:0::5'], [6]), ['fd00::5'])
  t.deepEqual(names.of('FD00::5'), ['six.test'])
})

test('a name keeps its addresses until it resolves to others, in the requested families', (t) => {
  const names = new ResolvedNames()
  names.note('db.test', ['10.0.0.1', '10.0.0.2'], [4])
  t.deepEqual(names.note('db.test', ['fd00::1'], [6]), ['fd00::1'])
  t.deepEqual(names.of('10.0.0.1'), ['db.test'], 'an answer about IPv6 says nothing of IPv4')
  t.deepEqual(names.note('db.test', ['10.0.0.2', '10.0.0.3'], [4]), ['10.0.0.3'])
  t.deepEqual(
    [names.of('10.0.0.1'), names.of('10.0.0.2'), names.of('fd00::1')],
    [[], ['db.test'], ['db.test']],
  )
  t.deepEqual(names.note('db.test', ['10.0.0.4'], [4, 6]), ['10.0.0.4'])
  t.deepEqual(names.of('fd00::1'), [])
})

test('of more than 1,000 pairs, the names that were resolved longest ago are forgotten', (t) => {
  const names = new ResolvedNames()
  const address = (number: number): string => `10.0.${number >> 8}.${number & 255}`
  names.note('first.test', ['10.1.0.1'], [4])
  for (let number = 0; number < 999; number++) names.note(`n${number}.test`, [address(number)], [4])
  t.deepEqual(names.of('10.1.0.1'), ['first.test'])
  names.note('first.test', ['10.1.0.1'], [4]) // used again, it is the newest
  names.note('last.test', ['10.1.0.2'], [4])
  t.deepEqual(names.of('10.1.0.1'), ['first.test'])
  t.deepEqual(names.of(address(0)), [])
  t.deepEqual(names.of(address(1)), ['n1.test'])
})

test('the known pairs are always the most recent ones, and never more than 1,000', (t) => {
  const address = (number: number): string => `10.2.${number >> 8}.${number & 255}`
  const answer = fc.record({
    name: fc.constantFrom('a.test', 'b.test', 'c.test', 'd.test'),
    from: fc.nat(600),
    count: fc.nat(600),
  })
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 8 }), (answers) => {
      const names = new ResolvedNames()
      const told = new Map<string, ReadonlySet<string>>()
      for (const { name, from, count } of answers) {
        const found = Array.from({ length: count }, (_, index) => address(from + index))
        names.note(name, found, [4, 6])
        told.set(name, new Set(found))
        const known = Array.from({ length: 1201 }, (_, number) => address(number)).flatMap((each) =>
          names.of(each).map((of) => ({ of, each })),
        )
        const ofThis = known.filter(({ of }) => of === name).length
        const isOfLast = known.every(({ of, each }) => told.get(of)?.has(each))
        if (known.length > 1000 || ofThis !== count || !isOfLast) return false
      }
      return true
    }),
    { numRuns: 30 },
  )
  t.pass()
})
