import { endianness } from 'node:os'
import test from 'ava'
import fc from 'fast-check'
import { linesByInode, parseEntry } from '../../src/cli/tcp-table.ts'
import { addressText } from '../../src/settings/address-text.ts'

const port = fc.nat(65_535)
const word = fc.nat(2 ** 32 - 1)
const end = fc.record({ words: fc.oneof(fc.tuple(word), fc.tuple(word, word, word, word)), port })

const STATES = ['established', 'syn-sent', 'syn-received', 'fin-wait-1', 'fin-wait-2', 'time-wait', 'closed']
const TIMERS = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window']

const entry = fc.record({
  local: end,
  remote: end,
  state: fc.nat(STATES.length - 1),
  timer: fc.nat(TIMERS.length - 1),
  ticks: fc.nat(),
  probes: fc.nat(127),
  inode: fc.nat(),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

const hex = (number: number, width: number): string => number.toString(16).toUpperCase().padStart(width, '0')

/** How the kernel prints a word in network byte order: as a number of this machine. */
function printed(word: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(word)
  return hex(endianness() === 'LE' ? bytes.readUInt32LE() : word, 8)
}

/** get_tcp4_sock() of net/ipv4/tcp_ipv4.c and get_tcp6_sock() of net/ipv6/tcp_ipv6.c. */
function line({ local, remote, state, timer, ticks, probes, inode }: Entry, index: number): string {
  const [from, to] = [local, remote].map(
    ({ words, port }) => `${words.map(printed).join('')}:${hex(port, 4)}`,
  )
  const timers = `${hex(timer, 2)}:${hex(ticks, 8)} ${hex(0, 8)}`
  const owner = `${'0'.padStart(5)} ${String(probes).padStart(8)} ${inode} 1 0000000000000000 100 0 0 10 0`
  return `${String(index).padStart(4)}: ${from} ${to} ${hex(state + 1, 2)} 00000000:00000000 ${timers} ${owner}`
}

function address(words: readonly number[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = words.length === 1 ? [0, 0, 0xffff, ...words] : words
  return addressText(a, b, c, d)
}

test('every table that the kernel prints is parsed correctly', (t) => {
  const entries = fc.uniqueArray(entry, { maxLength: 5, selector: ({ inode }) => inode })
  fc.assert(
    fc.property(entries, (entries) => {
      const lines = linesByInode(['  sl  local_address rem_address', ...entries.map(line), ''].join('\n'))
      t.deepEqual(
        [...lines.keys()],
        entries.map(({ inode }) => inode),
      )
      for (const { inode, local, remote, state, timer, ticks, probes } of entries) {
        t.deepEqual(parseEntry(lines.get(inode) ?? ''), {
          local: { address: address(local.words), port: local.port },
          remote: { address: address(remote.words), port: remote.port },
          state: STATES[state] ?? '',
          timer: TIMERS[timer] as 'none',
          timerIn: ticks * 10,
          unansweredProbes: probes,
        })
      }
    }),
    { numRuns: 1000 },
  )
})

test('every text can be parsed: invalid lines are skipped, and nothing throws', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.stringMatching(/^[0-9A-F: ]{0,80}$/)).map((lines) => lines.join('\n')),
  )
  fc.assert(
    fc.property(text, (text) => {
      const lines = new Set(text.split('\n').slice(1))
      for (const [inode, line] of linesByInode(text)) {
        t.true(Number.isInteger(inode) && lines.has(line))
        t.is(typeof parseEntry(line).state, 'string')
      }
      t.is(typeof parseEntry(text).timer, 'string')
    }),
    { numRuns: 2000 },
  )
})
