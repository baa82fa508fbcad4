/** The limits of keepalive and of a user timeout in docs/limits.md, each shown once. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeepAliveOptions } from 'tcp-keepalive'
import { echoPort, startEcho } from '../lab/network/echo.ts'
import { keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { type Lab, openLab } from '../lab/network/lab.ts'
import type { Program } from '../lab/network/program.ts'
import { withLab } from './needs.ts'

const DETECT_WITHIN = 5000

/** Longer than the deadline. */
const LONG_MS = 8000

/** A connection that writes the given number of bytes, and reports its end. */
async function connect(
  lab: Lab,
  options: KeepAliveOptions,
  host = lab.server.address,
): Promise<Program<void>> {
  const program = lab.client.start(
    async (to: { host: string; port: number; options: KeepAliveOptions }, { tell, next }) => {
      const { default: events } = await import('node:events')
      const net = await import('node:net')
      const { setKeepAlive } = await import('tcp-keepalive')
      const socket = net.connect(to.port, to.host)
      socket.on('error', (error: NodeJS.ErrnoException) => tell('lost', error.code))
      await events.once(socket, 'connect')
      setKeepAlive(socket, to.options)
      socket.on('data', () => tell('data'))
      tell('connected')
      for (;;) socket.write(Buffer.alloc(await next<number>()))
    },
    { host, port: echoPort, options },
  )
  await program.event('connected')
  return program
}

const losses = ({ events }: Program<void>): unknown[] =>
  events.flatMap(({ name, data }) => (name === 'lost' ? [data] : []))

withLab('a stopped program is not detected: its kernel answers probes and accepts writes', async (t) => {
  const lab = await openLab(t)
  const server = await startEcho(lab)
  const client = await connect(lab, { detectWithin: DETECT_WITHIN })
  client.send(1)
  await client.event('data')
  const capture = await lab.capture()
  server.process.kill('SIGSTOP')
  await sleep(LONG_MS)
  client.send(1) // nobody will answer
  await sleep(LONG_MS)
  await capture.stop()
  const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
  t.true(probes.length >= 2)
  t.true(probes.every(({ answer }) => answer !== undefined))
  t.is(client.events.filter(({ name }) => name === 'data').length, 1)
  t.deepEqual(losses(client), [])
})

withLab('a proxy answers for a server that is gone', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const relay = lab.router.start(
    async ({ host, port }, { tell }) => {
      const net = await import('node:net')
      const server = net.createServer((socket) => {
        const onwards = net.connect(port, host)
        socket.pipe(onwards).pipe(socket)
      })
      server.listen(port, () => tell('listening'))
    },
    { host: lab.server.address, port: echoPort },
  )
  await relay.event('listening')
  const client = await connect(lab, { detectWithin: DETECT_WITHIN }, lab.router.address)
  client.send(1)
  await client.event('data')
  await lab.router.configure('ip link set server down')
  await sleep(LONG_MS)
  client.send(1)
  await sleep(LONG_MS)
  t.is(client.events.filter(({ name }) => name === 'data').length, 1)
  t.deepEqual(losses(client), [])
})

withLab(
  'a living peer that does not read is dropped by a user timeout set by the program, and kept by a deadline',
  async (t) => {
    const lab = await openLab(t)
    const server = lab.server.start(async (port: number, { tell }) => {
      const net = await import('node:net')
      net.createServer((socket) => socket.on('error', () => {})).listen(port, () => tell('listening'))
    }, echoPort)
    await server.event('listening')
    const dropped = await connect(lab, { userTimeout: DETECT_WITHIN })
    const kept = await connect(lab, { detectWithin: DETECT_WITHIN })
    for (const client of [dropped, kept]) client.send(16 * 2 ** 20) // more than both ends can buffer
    t.is((await dropped.event('lost')).data, 'ETIMEDOUT')
    await sleep(LONG_MS)
    t.deepEqual(losses(kept), [])
  },
)
