/** The judgement of a soak, tested without one: each violation is found, and nothing else is reported. */
import test from 'ava'
import type { TcpPacket } from '../../lab/network/packets.ts'
import type { Round } from '../../reliability/soak/client.ts'
import { grown } from '../../reliability/soak/flat.ts'
import { judge } from '../../reliability/soak/judge.ts'
import type { Ended } from '../../reliability/soak/ledger.ts'
import type { RoundResult } from '../../reliability/soak/round.ts'
import { Silence } from '../../reliability/soak/silence.ts'

const SERVER = { address: '10.9.2.1', port: 5432 }
const CLIENT = { address: '10.9.1.1', port: 40_000 }

function roundOf(...ended: Array<Partial<Ended>>): Round[] {
  const entry = { port: CLIENT.port, published: 1, told: 1, lostAt: 20_000, outcome: 'no-answer' as const }
  return [{ ended: ended.map((each) => ({ ...entry, ...each })), lateMs: 50 }]
}

const since = (): number => 11_000

test('a dead connection that is reported once, after 9 s, is correct', (t) => {
  const verdict = judge(roundOf({}), 'all', 1, since)
  t.like(verdict, { lost: 1, latest: 9000, earliest: 9000, wrong: [] })
  t.deepEqual(verdict.outcomes, { 'no-answer': 1 })
})

const faults: ReadonlyArray<readonly [claim: string, ...Parameters<typeof judge>, complaint: RegExp]> = [
  ['lost too late', roundOf({ lostAt: 21_051 }), 'all', 1, since, /after 10051 ms/],
  ['that the capture does not contain', roundOf({}), 'all', 1, () => undefined, /NaN/],
  ['published twice', roundOf({ published: 2 }), 'all', 1, since, /published 2 times/],
  ['that was never published', roundOf({ published: 0 }), 'all', 1, since, /published 0 times/],
  ['whose user gets two errors', roundOf({ told: 2 }), 'all', 1, since, /told 2 times/],
  ['whose user gets no error', roundOf({ told: 0 }), 'open', 1, since, /told 0 times/],
  ['next to one that was not reported', roundOf({}), 'all', 2, since, /1 of 2 dead/],
  ['whose peer lived', roundOf({}), 'none', 1, since, /1 living/],
]

for (const [claim, rounds, fate, held, from, complaint] of faults) {
  test(`a violation is reported: a connection ${claim}`, (t) => {
    const { wrong } = judge(rounds, fate, held, from)
    t.is(wrong.length, 1)
    t.regex(wrong[0] ?? '', complaint)
  })
}

interface Passing {
  readonly at: number
  readonly by: 'client' | 'server'
  readonly seq?: number
  readonly ack?: number
  readonly length?: number
  readonly flags?: Partial<TcpPacket['flags']>
}

/** A connection opened at 1 s, and then these packets. */
function silenceAfter(...packets: readonly Passing[]): Silence {
  const silence = new Silence(SERVER.port)
  const opening: Passing[] = [
    { at: 1000, by: 'client', seq: 99, flags: { syn: true, ack: false } },
    { at: 1001, by: 'server', seq: 499, ack: 100, flags: { syn: true } },
    { at: 1002, by: 'client' },
  ]
  for (const { at, by, seq, ack, length = 0, flags } of [...opening, ...packets]) {
    const [from, to] = by === 'client' ? [CLIENT, SERVER] : [SERVER, CLIENT]
    const [ownNext, peerNext] = by === 'client' ? [100, 500] : [500, 100]
    const all = { syn: false, ack: true, fin: false, rst: false, psh: false, ...flags }
    silence.take({ kind: 'tcp', at, from, to, seq: seq ?? ownNext, ack: ack ?? peerNext, length, flags: all })
  }
  return silence
}

test('a deadline counts from the last packet received', (t) => {
  t.is(silenceAfter({ at: 3000, by: 'server', length: 10 }).since(CLIENT.port, 9000), 3000)
})

test('a deadline counts from the first unacknowledged write, whatever else is received', (t) => {
  const silence = silenceAfter(
    { at: 3000, by: 'client', length: 10 },
    { at: 3200, by: 'client', length: 10 },
    { at: 4000, by: 'server', length: 10 },
  )
  t.is(silence.since(CLIENT.port, 9000), 3000)
  silence.take(packet(5000, { ack: 110, seq: 510 }))
  t.is(silence.since(CLIENT.port, 9000), 5000)
})

test('a probe or an RST of the server does not prove that it lives', (t) => {
  const silence = silenceAfter(
    { at: 3000, by: 'server', seq: 499 },
    { at: 4000, by: 'server', flags: { rst: true } },
  )
  t.is(silence.since(CLIENT.port, 9000), 1001)
})

test('packets after the end do not count', (t) => {
  const silence = silenceAfter(
    { at: 9100, by: 'server', length: 10 },
    { at: 9100, by: 'client', flags: { rst: true } },
    { at: 9200, by: 'server', length: 10 },
  )
  t.is(silence.since(CLIENT.port, 9000), 1001)
})

function packet(at: number, numbers: { readonly seq: number; readonly ack: number }): TcpPacket {
  const flags = { syn: false, ack: true, fin: false, rst: false, psh: false }
  return { kind: 'tcp', at, from: SERVER, to: CLIENT, length: 0, flags, ...numbers }
}

function ending(footprint: Partial<RoundResult['footprint']>): RoundResult {
  const verdict = {
    lost: 1000,
    latest: 0,
    earliest: 0,
    lateMs: 0,
    outcomes: {},
    wrong: [],
    wholeAfter: 0,
    answered: 0,
  }
  const full = { descriptors: 250, resident: 300e6, heap: 20e6, ...footprint }
  return { ...verdict, name: '', fate: 'all', footprint: full }
}

test('growth of descriptors or memory from the first to the last fault is a violation', (t) => {
  t.deepEqual(grown([ending({}), ending({ heap: 21e6, resident: 310e6 })]), [])
  t.regex(grown([ending({}), ending({ descriptors: 251 })])[0] ?? '', /^descriptors grew from 250 to 251$/)
  t.regex(grown([ending({}), ending({ heap: 23e6 })])[0] ?? '', /^heap grew/)
  t.regex(grown([ending({}), ending({ resident: 500e6 })])[0] ?? '', /^resident grew/)
})
