import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import test from 'ava'
import fc from 'fast-check'
import { addressWords } from '../../src/socket/addresses.ts'

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

test('every way to write an address gives the same words', (t) => {
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
