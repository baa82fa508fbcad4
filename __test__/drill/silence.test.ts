/** What a program without any rights sees of a connection that is cut off. */
import { once } from 'node:events'
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { getTcpInfo, setKeepAlive } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { isInTime, type Pauses, PAUSES } from '../../lab/timing.ts'
import { KINDS, type Pair, plainPair, tlsPair } from './pairs.ts'
import { giveUpRights } from './without-rights.ts'

const { watchPauses } = (await import(PAUSES)) as Pauses
const pausedSince = watchPauses()
// Not earlier: ava looks for snapshots at the first test, in a folder that this user may not be able to enter.
test.before(giveUpRights)

/** The shortest possible deadline. */
const DETECT_WITHIN = 5000

const makers: Readonly<Record<string, (kind: string) => Promise<Pair>>> = { plain: plainPair, TLS: tlsPair }

for (const kind of Object.keys(KINDS)) {
  for (const [way, pair] of Object.entries(makers)) {
    for (const end of ['client', 'accepted'] as const) {
      for (const doing of ['waiting', 'writing'] as const) {
        test(`${kind}, ${way}, ${end} socket, ${doing}: an error within the deadline`, async (t) => {
          const both = await pair(kind)
          const socket = both[end]
          setKeepAlive(socket, { detectWithin: DETECT_WITHIN })
          const cut = cutOff(socket)
          const since = Date.now()
          if (doing === 'writing') socket.write('is anybody there?')
          const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
          const took = Date.now() - since
          t.is(error.code, 'ETIMEDOUT')
          t.true(isInTime(took, pausedSince(since), DETECT_WITHIN), `${took} ms`)
          t.true(took > DETECT_WITHIN / 2, `${took} ms`)
          cut.restore()
          both[end === 'client' ? 'accepted' : 'client'].destroy()
        })
      }
      test(`${kind}, ${way}, ${end} socket: after restore() it continues, and has lost no byte`, async (t) => {
        const both = await pair(kind)
        const cut = cutOff(both[end])
        const heard = getTcpInfo(both[end]).silentFor ?? 0
        const received = [everythingFrom(both.client), everythingFrom(both.accepted)]
        const bytes = Buffer.alloc(300_000, 'every byte, ')
        for (const socket of [both.client, both.accepted]) socket.end(bytes)
        await sleep(1000)
        t.true((getTcpInfo(both[end]).silentFor ?? 0) >= heard + 900, 'something was heard')
        cut.restore()
        for (const all of await Promise.all(received)) t.true(all.equals(bytes))
      })
    }
  }
}

async function everythingFrom(socket: net.Socket): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const part of socket) all.push(part as Buffer)
  return Buffer.concat(all)
}
