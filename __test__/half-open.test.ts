/** A connection that loses packets in one direction only: which of the peer's packets delay the end. */
import { keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { openLab } from '../lab/network/lab.ts'
import type { TcpPacket } from '../lab/network/packets.ts'
import { withLab } from './needs.ts'
import { isInTime, KERNEL_MS, PAUSES, type Pauses } from '../lab/timing.ts'

const PORT = 7200

interface Lost {
  readonly port: number
  readonly isProbed: boolean
  /** The longest time during which the program did not run. */
  readonly pausedMs: number
}

withLab(
  'probes of a peer that receives nothing do not delay the end; its retransmitted data does',
  async (t) => {
    const lab = await openLab(t)
    const server = lab.server.start(async (port: number, { tell, next }) => {
      const net = await import('node:net')
      const { setKeepAlive } = await import('tcp-keepalive')
      const answers: Array<() => void> = []
      const listener = net.createServer((socket) => {
        socket.on('error', () => {})
        socket.on('data', (data) => {
          socket.write('.')
          if (String(data) === 'probe') setKeepAlive(socket, { time: 1000, interval: 1000, retries: 20 })
          else answers.push(() => socket.write('answer'))
        })
      })
      listener.listen(port, () => tell('listening'))
      await next()
      for (const answer of answers) answer()
    }, PORT)
    await server.event('listening')
    const capture = await lab.capture()
    const client = lab.client.start(
      async ({ host, port, pauses }, { tell }) => {
        const net = await import('node:net')
        const { setKeepAlive } = await import('tcp-keepalive')
        const { watchPauses } = (await import(pauses)) as Pauses
        const pausedSince = watchPauses()
        const beganAt = Date.now()
        for (const wish of ['probe', 'answer']) {
          const socket = net.connect(port, host)
          setKeepAlive(socket, { detectWithin: 5000 })
          let own = 0
          socket.on('connect', () => {
            own = socket.localPort ?? 0
            socket.write(wish)
          })
          socket.once('data', () => tell('heard'))
          socket.on('error', () => {
            tell('lost', { port: own, isProbed: wish === 'probe', pausedMs: pausedSince(beganAt) })
          })
        }
      },
      { host: lab.server.address, port: PORT, pauses: PAUSES },
    )
    for (let heard = 0; heard < 2; heard++) await client.event('heard')
    await lab.mute('client')
    const mutedAt = Date.now()
    server.send('answer')
    const all = [await client.event<Lost>('lost'), await client.event<Lost>('lost')]
    await capture.stop()
    for (const { at, data } of all) {
      const from = { address: lab.server.address, port: PORT }
      const came = capture.packets.filter((packet) => packet.to.port === data.port && packet.at < at)
      const probes = new Set(keepAliveProbes(capture.packets, { from }).map((probe) => probe.at))
      const isProbe = (packet: TcpPacket): boolean => probes.has(packet.at)
      const heardAt = came.findLast((packet) => !isProbe(packet))?.at ?? Number.NaN
      const took = at - heardAt
      t.true(
        took >= 4000 - KERNEL_MS && isInTime(took, data.pausedMs, 5000),
        `told ${took} ms after the last thing heard; the program paused for ${data.pausedMs} ms`,
      )
      const after = came.filter((packet) => packet.at > heardAt)
      if (data.isProbed) t.true(after.length >= 3 && after.every(isProbe), `${after.length} probes came`)
      else
        t.true(
          heardAt - mutedAt > 2000,
          `the answer was repeated until ${heardAt - mutedAt} ms after the fault began`,
        )
    }
  },
)
