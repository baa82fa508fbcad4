import { BlockList, isIPv4 } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { contains, parseAddress, parseNetwork } from '../../src/settings/address.ts'
import { type Peer, type PeerMatch, peerMatcher } from '../../src/settings/match.ts'

const database: Peer = { host: 'db.internal', address: '10.1.2.3', port: 5432 }
const loopback: Peer = { host: 'localhost', address: '::1', port: 6379 }
const mapped: Peer = { host: '::ffff:10.1.2.3', address: '::ffff:10.1.2.3', port: 5432 }

const matches = (match: PeerMatch | undefined, peer: Peer): boolean => peerMatcher(match).late(peer)

const patterns: ReadonlyArray<readonly [pattern: string | number, database: boolean, loopback: boolean]> = [
  [5432, true, false],
  ['5432', true, false],
  ['*', true, true],
  ['*:*', true, true],
  ['*:5432', true, false],
  ['db.internal', true, false],
  ['db.internal:*', true, false],
  ['db.internal:5432', true, false],
  ['db.internal:5433', false, false],
  ['DB.Internal.:5432', true, false],
  [' db.internal:5432 ', true, false],
  ['internal', false, false],
  ['*.internal:5432', true, false],
  ['db.*', true, false],
  ['d*i*l', true, false],
  ['db.internal*', true, false],
  ['db.internal*internal', false, false],
  ['localhost', false, true],
  ['10.1.2.3', true, false],
  ['10.1.2.3:5432', true, false],
  ['10.0.0.0/8:5432', true, false],
  ['10.0.0.0/8:*', true, false],
  ['10.1.2.0/30', true, false],
  ['10.1.2.4/30', false, false],
  ['0.0.0.0/0', true, false],
  ['[::1]:6379', false, true],
  ['[::1]', false, true],
  ['[::/0]:*', false, true],
  ['[::/0]', false, true],
  ['[::ffff:0:0/96]:*', true, false],
  ['[::ffff:0:0/95]:*', false, false],
  ['DB.internal', true, false],
  ['my_db-1.internal', false, false],
  ['10-1-2-3', false, false],
  ['[fd00::/8]:*', false, false],
  ['[::ffff:10.0.0.0/104]:*', true, false],
]
for (const [pattern, first, second] of patterns) {
  test(`${JSON.stringify(pattern)} ${first ? 'is' : 'is not'} the database, ${second ? 'is' : 'is not'} loopback`, (t) => {
    t.is(matches(pattern, database), first)
    t.is(matches(pattern, loopback), second)
    t.is(matches([pattern, 'nobody'], database), first)
  })
}

test('an internationalized name equals its ASCII form, in patterns and hosts', (t) => {
  const written = [
    'bücher.test',
    'BÜCHER.test.',
    'xn--bcher-kva.test',
    'XN--bcher-KVA.TEST',
    'bu\u0308cher.test',
  ]
  for (const host of written) {
    const peer = { ...database, host }
    for (const pattern of [...written, '*.test', 'bücher.*']) {
      t.true(matches(pattern, peer), `${pattern} is ${host}`)
      t.is(peerMatcher(pattern).early(host, 5432), true)
    }
    t.false(matches('bucher.test', peer), host)
    t.false(matches('bücher.example', peer), host)
  }
  t.true(matches('*.例え.test:5432', { ...database, host: 'db.xn--r8jz45g.test' }))
  t.false(matches('bücher.test', { ...database, host: 'b\u0000ücher.test' }))
})

test('an IPv4 address is the same when it is written as IPv6', (t) => {
  for (const pattern of ['10.0.0.0/8:5432', '10.1.2.3', '[::ffff:10.1.2.3]', '[::ffff:a01:203]']) {
    t.true(matches(pattern, mapped), pattern)
    t.true(matches(pattern, database), pattern)
  }
})

test('an IPv6 network does not contain v4-mapped addresses', (t) => {
  for (const pattern of ['[::/0]', '[::/64]:*', '[::fff0:0:0/90]']) t.false(matches(pattern, mapped), pattern)
  t.true(matches('[::ffff:0:0/96]', mapped))
})

test('without a match every peer matches, and a function decides for itself', (t) => {
  t.true(matches(undefined, database))
  const seen: Peer[] = []
  const decide = (peer: Peer): boolean => seen.push(peer) === 1
  t.true(matches(decide, database))
  t.false(matches(decide, loopback))
  t.deepEqual(seen, [database, loopback])
})

test('a promise is not an answer, whatever it resolves to', (t) => {
  const error = { code: 'ERR_INVALID_RETURN_VALUE', message: /at once, not a promise/ }
  // oxlint-disable-next-line unicorn/no-thenable -- as a query builder is one
  const thenable = { then: () => {} }
  for (const answer of [Promise.resolve(false), Promise.reject(new Error('later')), thenable]) {
    t.throws(() => matches((() => answer) as unknown as PeerMatch, database), error)
  }
  t.true(matches((() => 'yes') as unknown as PeerMatch, database))
  t.false(matches((() => null) as unknown as PeerMatch, database))
})

test('a decision before the connection agrees with the later one; a pattern that needs the address waits for it', (t) => {
  t.is(peerMatcher('*:5432').early('db.internal', 5432), true)
  t.is(peerMatcher('*:5432').early('db.internal', 80), false)
  t.is(peerMatcher('db.internal').early('db.internal', 80), true)
  t.is(peerMatcher('db.internal').early('other', 80), false)
  t.is(peerMatcher('10.0.0.0/8:5432').early('db.internal', 5432), undefined)
  t.is(peerMatcher('10.0.0.0/8:5432').early('db.internal', 80), false)
  t.is(peerMatcher('10.0.0.0/8').early('10.9.9.9', 80), true)
  t.is(peerMatcher('10.0.0.0/8').early('11.9.9.9', 80), false)
  t.is(peerMatcher(['10.0.0.0/8', 'db.internal']).early('db.internal', 80), true)
  t.is(peerMatcher(() => true).early('db.internal', 80), undefined)
})

const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
  ['', /host is missing/],
  [':5432', /host is missing, as in \*:5432/],
  ['::1', /an IPv6 address stands in brackets, as \[::1\]:5432/],
  ['fd00::1:5432', /brackets/],
  ['[::1', /brackets/],
  ['[10.0.0.1]:80', /in brackets stands an IPv6/],
  ['[db]:80', /in brackets stands an IPv6/],
  ['[::1]/8:80', /./],
  ['[::/129]', /in brackets stands an IPv6/],
  ['10.0.0.0/33', /10\.0\.0\.0\/8/],
  ['10.0.0', /addresses are/],
  ['10.*:5432', /addresses are/],
  ['db/8', /no host name/],
  ['a b', /no host name/],
  ['bü cher.test', /no host name/],
  ['\u00AD.test', /no host name/],
  ['b*ücher.test:443', /\* stands for whole labels, as in \*\.bücher\.test$/],
  ['!db:5432', /no host name/],
  ['db;5432', /no host name/],
  ['db(1):5432', /no host name/],
  ['10.0.0.5-10.0.0.9', /range of addresses is written as a network/],
  ['10.0.0.5-9:5432', /range of addresses is written as a network/],
  ['5432-5440', /of a range of ports, each is named/],
  ['db:5432-5440', /1 to 65535/],
  ['postgres://db:5432', /^"postgres:\/\/…" .* a host and a port, not a URL$/],
  ['redis+tls://me:secret@[::1]:5432/1', /^"redis\+tls:\/\/…" .* not a URL$/],
  ['http://db', /not a URL/],
  ['db:0', /1 to 65535/],
  ['db:65536', /1 to 65535/],
  ['db:http', /1 to 65535/],
  ['db:', /1 to 65535/],
  [0, /1 to 65535/],
  [65_536, /1 to 65535/],
  [1.5, /host|brackets|addresses|65535/],
  [-1, /./],
  [Number.NaN, /65535|host/],
  [[], /empty list/],
]
for (const [match, message] of wrong) {
  test(`${JSON.stringify(match)} is refused with the reason`, (t) => {
    t.throws(() => peerMatcher(match as PeerMatch), { code: 'ERR_INVALID_ARG_VALUE', message })
  })
}

test('a value that is not a pattern is refused by its type', (t) => {
  // oxlint-disable-next-line no-sparse-arrays -- a hole matches nobody, and would hide that the list is wrong
  for (const match of [null, true, {}, 3n, [null], [['*']], [, 5432]]) {
    t.throws(() => peerMatcher(match as unknown as PeerMatch), { code: 'ERR_INVALID_ARG_TYPE' })
  }
})

const address = fc.oneof(fc.ipV4(), fc.ipV6())

test('an address is in a network exactly if Node says so', (t) => {
  fc.assert(
    fc.property(address, address, fc.nat(128), (base, other, bits) => {
      const family = isIPv4(base) ? 'ipv4' : 'ipv6'
      const prefix = isIPv4(base) ? bits % 33 : bits
      const list = new BlockList()
      list.addSubnet(base, prefix, family)
      const network = parseNetwork(`${base}/${prefix}`)
      const parsed = parseAddress(other)
      if (!network || !parsed) return t.fail(`${base}/${prefix} or ${other} was not read`)
      // Node compares within a family; here an IPv6 network may hold v4-mapped addresses, which is tested above.
      if (isIPv4(base) === isIPv4(other)) {
        return t.is(contains(network, parsed), list.check(other, isIPv4(other) ? 'ipv4' : 'ipv6'))
      }
      return undefined
    }),
    { numRuns: 2000 },
  )
})

test('every network contains its own address, and the whole range contains every address', (t) => {
  const everything = parseNetwork('::/0')
  fc.assert(
    fc.property(address, fc.nat(32), (base, prefix) => {
      const parsed = parseAddress(base)
      const network = parseNetwork(`${base}/${prefix}`)
      t.true(parsed?.length === 8 && network !== undefined && contains(network, parsed))
      t.true(everything !== undefined && parsed !== undefined && contains(everything, parsed))
    }),
  )
})

test('any address and port is a pattern that matches only that peer', (t) => {
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      const pattern = isIPv4(host) ? `${host}:${port}` : `[${host}]:${port}`
      t.true(matches(pattern, { host: 'name', address: host, port }))
      t.is(peerMatcher(pattern).early(host, port), true)
      t.false(matches(pattern, { host: 'name', address: host, port: (port % 65_535) + 1 }))
    }),
  )
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}(\.[a-z0-9-]{1,8}){0,3}$/)

test('a name with stars matches like the regular expression made from it', (t) => {
  const withStars = fc
    .stringMatching(/^[ab.]{0,3}(\*[ab.]{0,3}){1,3}$/)
    .filter((text) => !/^[\d.*/]+$/.test(text))
  fc.assert(
    fc.property(withStars, fc.stringMatching(/^[ab.]{1,8}$/), (pattern, host) => {
      const plain = host.replace(/\.$/, '')
      const source = pattern
        .replace(/\.$/, '')
        .replaceAll('.', String.raw`\.`)
        .replaceAll('*', '.*')
      t.is(matches(pattern, { host, address: '10.0.0.1', port: 1 }), new RegExp(`^${source}$`).test(plain))
    }),
    { numRuns: 2000 },
  )
})

test('an early decision never contradicts the later one', (t) => {
  const pattern = fc.oneof(
    name.map((host) => `${host}:*`),
    address.map((host) => (isIPv4(host) ? `${host}/9` : `[${host}/9]`)),
    fc.constantFrom('*:5432', '*', 80),
  )
  const port = fc.constantFrom(80, 5432)
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      name,
      address,
      port,
      (list, host, to, port) => {
        const matcher = peerMatcher(list)
        const early = matcher.early(host, port)
        if (early !== undefined) t.is(matcher.late({ host, address: to, port }), early)
        t.not(matcher.early(to, port), undefined)
      },
    ),
  )
})

test('any text is either a pattern or a TypeError', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[\]:.*/0-9a-f]{0,16}$/)), (text) => {
      try {
        peerMatcher(text).late(database)
      } catch (error) {
        t.true(error instanceof TypeError)
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

test('a list matches exactly if one of its patterns does, however they are written', (t) => {
  const few = fc.constantFrom('db', 'db.internal', 'a.internal')
  const pattern = fc.oneof(
    fc.tuple(few, fc.constantFrom('', ':*', ':80', ':5432')).map(([host, port]) => `${host}${port}`),
    fc.constantFrom(
      '*:80',
      '*.internal:*',
      'd*',
      '10.0.0.0/8',
      '[::/1]:5432',
      '[::ffff:0:0/96]:80',
      '80',
      5432,
    ),
  )
  const spelled = (pattern: string | number): string => ` ${String(pattern).toUpperCase()} `
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 5 }),
      fc.record({ host: few, address, port: fc.constantFrom(80, 5432) }),
      (list, peer) => {
        const expected = list.some((each) => matches(each, peer))
        t.is(matches(list, peer), expected)
        t.is(matches(list.map(spelled), peer), expected)
        t.is(matches(list, { ...peer, host: `${peer.host.toUpperCase()}.` }), expected)
      },
    ),
    { numRuns: 2000 },
  )
})

test('whatever is given as a match, the result is a matcher or an error with a code', (t) => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[[\]:.*/0-9a-f-]{0,16}$/))
  const item = fc.oneof(text, fc.double(), fc.integer(), fc.anything())
  fc.assert(
    fc.property(fc.oneof(item, fc.array(item), fc.sparseArray(item)), (match) => {
      try {
        t.is(typeof peerMatcher(match as PeerMatch).late(database), 'boolean')
      } catch (error) {
        t.regex(String((error as { code?: unknown }).code), /^ERR_INVALID_(ARG_TYPE|ARG_VALUE|RETURN_VALUE)$/)
      }
    }),
    { numRuns: 3000 },
  )
})
