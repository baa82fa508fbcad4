/** The end of the data (FIN) under a deadline: it waits for the peer like data, but Node does not count it as written. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getTcpInfo, setKeepAlive } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { readWindows } from 'tcp-keepalive/native'
import { lookAt, ROW_LENGTH } from '../../src/deadline/watched.ts'
import { connectedPair, rawDescriptor } from '../../lab/readback/readback.ts'
import { connected } from '../hold/sockets.ts'
import { unless } from '../needs.ts'
import { deadlineOf, MUCH, stoppedReader, until } from './kernel-values.ts'
import { Reader } from './reader.ts'

const linux = unless(
  process.platform === 'linux' ? undefined : 'Only Linux has a user timeout that is lifted.',
)

const DEADLINE = 5000

linux('after end() on a lifted, empty connection, a dead peer is detected', async (t) => {
  const { port, peer } = await stoppedReader(t)
  const socket = (await connected(t, net.connect(port, '127.0.0.1'))).resume()
  setKeepAlive(socket, { detectWithin: DEADLINE })
  socket.write(Buffer.alloc(MUCH))
  await until(() => deadlineOf(socket)[0] === 0)
  ;(await peer).resume()
  await until(() => socket.writableLength === 0 && getTcpInfo(socket).unacknowledged === 0)
  await sleep(DEADLINE / 2) // looks that find nothing pending
  t.is(deadlineOf(socket)[0], 0)
  const { restore } = cutOff(socket)
  t.teardown(restore)
  const ending = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
  socket.end()
  // It takes up to a deadline. With a lifted user timeout alone it is a quarter of an hour.
  const outcome = await Promise.race([ending, sleep(5 * DEADLINE)])
  t.is(outcome?.[0].code, 'ETIMEDOUT')
})

/** Writes what the peer's window takes, until the window is 0 and everything is acknowledged. */
async function fillWindow(socket: net.Socket): Promise<number> {
  const row = new Int32Array(ROW_LENGTH)
  for (;;) {
    row[0] = rawDescriptor(socket)
    readWindows(row, 1)
    const { unacknowledged, unsent, sendWindow } = lookAt(row, 0)
    if (unacknowledged === 0 && unsent === 0) {
      if (sendWindow === 0) return socket.bytesWritten
      socket.write(Buffer.alloc(Math.min(1024, sendWindow)))
    }
    await sleep(1)
  }
}

for (const close of ['end', 'destroySoon'] as const) {
  linux(
    `${close}() with a window of 0 and nothing unsent: a peer that reads two deadlines later gets the end`,
    async (t) => {
      const reader = await Reader.start(t, 8192)
      const socket = await reader.connect(t)
      const errors: Error[] = []
      socket.on('error', (error) => errors.push(error)).resume()
      setKeepAlive(socket, { detectWithin: DEADLINE })
      const written = await fillWindow(socket)
      await sleep(DEADLINE / 2) // looks that find nothing pending
      socket[close]()
      await sleep(2 * DEADLINE)
      reader.read(65_536, 1)
      t.is(await reader.end(), `end ${written}`)
      t.deepEqual(errors, [])
    },
  )
}

linux(
  'a FIN in flight at the close stays under the user timeout: after a longer outage the peer gets no end',
  async (t) => {
    const [ours, plain] = [await connectedPair(), await connectedPair()]
    for (const { close } of [ours, plain]) t.teardown(close)
    setKeepAlive(ours.client, { detectWithin: DEADLINE })
    const cuts = [ours, plain].map(({ client, accepted }) => {
      const cut = cutOff(accepted.resume())
      client.destroy()
      return cut
    })
    await sleep(1.5 * DEADLINE)
    for (const { restore } of cuts) restore()
    await once(plain.accepted, 'end') // at one of the retransmissions, whose distance doubles
    t.false(ours.accepted.readableEnded)
    const ending = once(ours.accepted, 'error') as Promise<[NodeJS.ErrnoException]>
    ours.accepted.write('?')
    t.is((await ending)[0].code, 'ECONNRESET')
  },
)
