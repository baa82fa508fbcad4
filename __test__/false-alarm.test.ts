/** A living peer must not be taken for a dead one. If it will be, the documentation says so. */
import { setTimeout as sleep } from 'node:timers/promises'
import { converse } from '../lab/network/connections.ts'
import { openLab, type Lab } from '../lab/network/lab.ts'
import type { TcpPacket } from '../lab/network/packets.ts'
import { withLab } from './needs.ts'
import { timerAtMost } from '../lab/timing.ts'

withLab(
  '10 % loss each way for 60 s, 50 connections with a probe every second, retries 12: none is dropped',
  async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    const options = { time: 1000, interval: 1000, retries: 12 }
    const names = Array.from({ length: 50 }, (_, index) => `connection ${index}`)
    const connection = await converse(lab, Object.fromEntries(names.map((name) => [name, options])))
    const [sent, arrived] = await Promise.all([lab.capture(), lab.capture({ host: 'server' })])
    await lab.lose(10)
    await sleep(60_000)
    await lab.heal()
    await Promise.all([sent.stop(), arrived.stop()])
    t.deepEqual(connection.losses, [])
    const probes = (packets: readonly TcpPacket[]): number =>
      packets.filter(({ from }) => from.address === lab.client.address).length
    const [asked, heard] = [probes(sent.packets), probes(arrived.packets)]
    t.log(`${asked} probes were sent, ${heard} arrived`)
    // One probe a second for each connection, fewer if its timers are late.
    t.true(asked > 50 * Math.floor(60_000 / timerAtMost(1000)), `${asked} probes were sent`)
    // Nine in ten arrive; with 2500 probes, six standard deviations are 3.6 %.
    t.true(heard > asked * 0.86 && heard < asked * 0.94, `${heard} of ${asked} probes arrived`)
  },
)

/** A peer that stops reading: its window closes, and everything that the client writes has to wait. */
async function fillWindow(lab: Lab, options: object): Promise<string | undefined> {
  const server = lab.server.start(async (port: number, { tell }) => {
    const net = await import('node:net')
    const listener = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.pause()
    })
    listener.listen(port, () => tell('listening'))
  }, 7100)
  await server.event('listening')
  return lab.client.run(
    async ({ host, asked, waitMs }) => {
      const net = await import('node:net')
      const { setKeepAlive } = await import('tcp-keepalive')
      const socket = net.connect(7100, host)
      return new Promise<string | undefined>((resolve) => {
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        socket.on('connect', () => {
          setKeepAlive(socket, asked)
          // More than any receive buffer holds.
          socket.write(Buffer.alloc(64 * 1024 * 1024))
          setTimeout(() => resolve(undefined), waitMs)
        })
      })
    },
    { host: lab.server.address, asked: options, waitMs: 15_000 },
  )
}

withLab(
  'a peer that stops reading for 3 times the deadline stays connected, also with userTimeout 0',
  async (t) => {
    const both = [{ detectWithin: 5000 }, { detectWithin: 5000, userTimeout: 0 }]
    const ends = both.map(async (options) => fillWindow(await openLab(t), options))
    t.deepEqual(await Promise.all(ends), [undefined, undefined])
  },
)

withLab(
  'a peer that stops reading for longer than a user timeout set by the program is dropped, although it lives',
  async (t) => {
    const lab = await openLab(t)
    t.is(await fillWindow(lab, { userTimeout: 5000 }), 'ETIMEDOUT')
  },
)
