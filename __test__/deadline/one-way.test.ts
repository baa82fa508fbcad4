/**
 * A path that is broken in one direction: the server's packets arrive, but it receives none. Its data does not prove that it
 * receives.
 */
import type { Socket } from 'node:net'
import { openLab } from '../../lab/network/lab.ts'
import { isInTime, PAUSES, type Pauses } from '../../lab/timing.ts'
import { withLab } from '../needs.ts'

const DEADLINE = 6000

interface Told {
  readonly took: number
  readonly code: string
  readonly pausedMs: number
}

withLab(
  'a server that still sends but no longer receives is detected by the deadline, also after its window was closed',
  async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    const server = lab.server.start(async (host: string, { tell, next }) => {
      const net = await import('node:net')
      const listener = net.createServer({ noDelay: true, pauseOnConnect: true })
      const accepted = new Promise<Socket>((resolve) => listener.on('connection', resolve))
      listener.listen(7000, host, () => tell('listening'))
      const socket = await accepted
      socket.on('error', () => {})
      await next()
      socket.resume()
      setInterval(() => socket.write('x'), 500).unref()
    }, lab.server.address)
    await server.event('listening')
    const client = lab.client.start(
      async ({ host, deadline, pauses }, { tell, next }) => {
        const net = await import('node:net')
        const { inspectSocket, getTcpInfo, setKeepAlive } = await import('tcp-keepalive')
        const { watchPauses } = (await import(pauses)) as Pauses
        const pausedSince = watchPauses()
        const socket = net.connect(7000, host).resume()
        await new Promise((resolve) => socket.on('connect', resolve))
        setKeepAlive(socket, { detectWithin: deadline })
        const until = async (isSo: () => boolean): Promise<void> => {
          while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
        }
        socket.write(Buffer.alloc(16 * 1024 * 1024)) // more than the buffers of both ends hold
        await until(() => inspectSocket(socket).lifted)
        tell('lifted')
        await until(() => socket.writableLength === 0 && getTcpInfo(socket).unacknowledged === 0)
        tell('drained')
        await next()
        const wroteAt = performance.now()
        socket.write('x')
        socket.on('error', ({ code }: NodeJS.ErrnoException) =>
          tell('told', {
            code,
            took: performance.now() - wroteAt,
            pausedMs: pausedSince(performance.timeOrigin + wroteAt),
          }),
        )
      },
      { host: lab.server.address, deadline: DEADLINE, pauses: PAUSES },
    )
    await client.event('lifted')
    server.send('read')
    await client.event('drained')
    await lab.mute('client')
    client.send('write')
    const { took, code, pausedMs } = (await client.event<Told>('told')).data
    const inWords = `${code} after ${took.toFixed()} ms, paused for ${pausedMs.toFixed()} ms`
    t.log(inWords)
    t.is(code, 'ETIMEDOUT')
    t.true(isInTime(took, pausedMs, DEADLINE), inWords)
  },
)
