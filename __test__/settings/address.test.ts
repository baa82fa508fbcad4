import { isIP } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { addressText } from '../../src/settings/address-text.ts'
import { parseAddress, parseNetwork } from '../../src/settings/address.ts'
import { addressWords } from '../../src/socket/addresses.ts'

const address = fc.oneof(fc.ipV4(), fc.ipV6())
const word = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
)

test('any text is an address exactly where node:net says so', (t) => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/), address)
  fc.assert(
    fc.property(
      text.filter((text) => !text.includes('%')),
      (text) => t.is(parseAddress(text) !== undefined, isIP(text) !== 0, text),
    ),
    { numRuns: 3000 },
  )
})

test('the text of any words is the address that they are, written as in a URL', (t) => {
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

test('the two readers of addresses agree, in any spelling', (t) => {
  fc.assert(
    fc.property(address, fc.constantFrom('', '%eth0'), (address, zone) => {
      const text = isIP(address) === 6 ? address + zone : address
      const groups = addressWords(text).flatMap((word) => [word >>> 16, word & 0xffff])
      t.deepEqual(parseAddress(text), groups)
    }),
    { numRuns: 2000 },
  )
})

test('any text is a network or is not; it never throws', (t) => {
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
