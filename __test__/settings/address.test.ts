import { isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import test from 'ava'
import fc from 'fast-check'
import { addressText } from '../../src/settings/address-text.ts'
import { addressWords, parseAddress, parseNetwork } from '../../src/settings/address.ts'

const address = fc.oneof(fc.ipV4(), fc.ipV6())
const word = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
)

test('a text is an address exactly if node:net says so', (t) => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/), address)
  fc.assert(
    fc.property(
      text.filter((text) => !text.includes('%')),
      (text) => t.is(parseAddress(text) !== undefined, isIP(text) !== 0, text),
    ),
    { numRuns: 3000 },
  )
})

test('the text of eight words is parsed as their address, and written as in a URL', (t) => {
  fc.assert(
    fc.property(word, word, word, word, (...words) => {
      const text = addressText(...words)
      t.deepEqual(
        addressWords(text).map((each) => each >>> 0),
        words,
      )
      if (isIP(text) === 6) t.is(new URL(`http://[${text}]/`).hostname, `[${text}]`)
      else t.deepEqual(words.slice(0, 3), [0, 0, 0xffff])
    }),
    { numRuns: 3000 },
  )
})

test('any text is a network or is refused; it never throws', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9a-f:./]{0,24}$/),
    fc.tuple(address, fc.nat(200)).map(([base, bits]) => `${base}/${bits}`),
  )
  let networks = 0
  fc.assert(
    fc.property(text, (text) => {
      const network = parseNetwork(text)
      if (!network) return
      networks++
      t.is(network.address.length, 8)
      t.true(network.address.every((group) => group >= 0 && group <= 0xffff))
      t.true(network.prefix >= 0 && network.prefix <= 128)
    }),
    { numRuns: 3000 },
  )
  t.true(networks > 100)
})

/** As 32 hexadecimal digits. */
function groups(words: readonly number[]): string {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

for (const [address, expected] of [
  ['127.0.0.1', '00000000000000000000ffff7f000001'],
  ['255.255.255.255', '00000000000000000000ffffffffffff'],
  ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['1::', '00010000000000000000000000000000'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
] as const) {
  test(`${address} is ${expected}`, (t) => t.is(groups(addressWords(address)), expected))
}

test('every notation of an address gives the same words', (t) => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
      t.true(isIPv6(canonical))
      t.deepEqual(addressWords(address), addressWords(canonical))
    }),
  )
})

test('the addresses of this machine are understood', (t) => {
  for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
    const words = addressWords(address)
    t.is(words.length, 4)
    t.true(words.every((word) => Number.isInteger(word)))
  }
})

test('a text that is not an address has no words', (t) => {
  for (const text of ['', 'localhost', '127.0.0', '127.0.0.1%lo', ':::']) {
    t.throws(() => addressWords(text), { instanceOf: TypeError }, text)
  }
})
