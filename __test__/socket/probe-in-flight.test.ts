/** `probePeer` when no probe is sent: if data is in flight, its acknowledgement is the answer. Also with every kind of socket. */
import { setTimeout as sleep } from 'node:timers/promises'
import { getTcpInfo, probePeer, setKeepAlive } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { readback } from '../../lab/readback/readback.ts'
import { KINDS, type Pair, plainPair, tlsPair } from '../drill/pairs.ts'
import { unless } from '../needs.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux probes at once.')

/** Values that make a probe risky: a user timeout shorter than the silence, and a single retry. */
const DANGEROUS = { time: 60_000, interval: 1000, retries: 1, userTimeout: 500 }

/** The same with data in flight, which this user timeout would end. */
const PATIENT = { ...DANGEROUS, userTimeout: 0 }

const SILENCE_MS = 1200
const PATIENCE_MS = 30_000

const makers: Readonly<Record<string, (kind: string) => Promise<Pair>>> = { plain: plainPair, TLS: tlsPair }

for (const kind of Object.keys(KINDS)) {
  for (const [way, open] of Object.entries(makers)) {
    onLinux(`${kind}, ${way}: both ends answer, and the values are as before`, async (t) => {
      const both = await open(kind)
      for (const end of ['client', 'accepted'] as const) {
        const socket = both[end]
        socket.resume()
        setKeepAlive(socket, DANGEROUS)
        const before = readback(socket)
        // Waits until the silence is long enough for a probe, because TLS tickets arrive late.
        while ((getTcpInfo(socket).silentFor ?? 0) < SILENCE_MS) await sleep(100)
        const beganAt = performance.now()
        const asked = probePeer(socket, { within: PATIENCE_MS })
        t.is(readback(socket).retries, 127)
        t.true(await asked)
        // The silence before the probe was SILENCE_MS. Only an answer makes it shorter than that and the time since.
        const { silentFor = Infinity } = getTcpInfo(socket)
        t.true(silentFor < SILENCE_MS + performance.now() - beganAt, `${silentFor} ms`)
        t.deepEqual(readback(socket), before)
      }
      both.client.destroy()
      both.accepted.destroy()
    })

    onLinux(
      `${kind}, ${way}, data in flight: its acknowledgement is the answer, and no probe is sent`,
      async (t) => {
        const { client, accepted } = await open(kind)
        accepted.resume()
        client.resume()
        setKeepAlive(client, PATIENT)
        const before = readback(client)
        const cut = cutOff(client)
        await sleep(SILENCE_MS)
        client.write('is anybody there?')
        t.true((getTcpInfo(client).unacknowledged ?? 0) > 0)
        t.false(await probePeer(client, { within: 300 }))
        const asked = probePeer(client, { within: PATIENCE_MS })
        await sleep(300)
        const { unanswered, ...values } = {
          unanswered: getTcpInfo(client).unansweredProbes,
          ...readback(client),
        }
        t.is(unanswered, 0)
        t.deepEqual(values, before) // no probe was sent, so nothing was changed
        cut.restore()
        t.true(await asked) // after a retransmission
        t.deepEqual(readback(client), before)
        client.destroy()
        accepted.destroy()
      },
    )

    onLinux(`${kind}, ${way}, a closed window: an error of its own, and nothing is changed`, async (t) => {
      const { client, accepted } = await open(kind)
      accepted.pause()
      setKeepAlive(client, PATIENT)
      const before = readback(client)
      for (let index = 0; index < 12; index++) client.write(Buffer.alloc(1_000_000))
      for (;;) {
        const { unsent = 0, unacknowledged = 1, silentFor = 0 } = getTcpInfo(client)
        if (unsent > 0 && unacknowledged === 0 && silentFor >= SILENCE_MS) break
        await sleep(20)
      }
      await t.throwsAsync(probePeer(client, { within: PATIENCE_MS }), { code: 'ERR_TCP_KEEPALIVE_BUSY' })
      t.deepEqual(readback(client), before)
      client.destroy()
      accepted.destroy()
    })
  }
}
