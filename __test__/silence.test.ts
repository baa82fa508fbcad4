/** What `getTcpInfo` says of a dead peer, against what a packet capture says. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { KeepAliveOptions, TcpInfo } from 'tcp-keepalive'
import type { Capture } from '../lab/network/capture.ts'
import { echoPort, startEcho } from '../lab/network/echo.ts'
import { keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { type Lab, openLab } from '../lab/network/lab.ts'
import type { Program } from '../lab/network/program.ts'
import { withLab } from './needs.ts'

interface Sample {
  readonly before: number
  readonly info: TcpInfo
  readonly after: number
}

interface Watched {
  readonly port: number
  readonly samples: readonly Sample[]
  readonly code: string
}

/** How far the two clocks, of the kernel's packets and of the program, may be apart. */
const CLOCKS_MS = 15

const SILENCE_MS = 350

/** A connection whose information is read every 50 ms until its end; it writes when it is told to. */
function watch(lab: Lab, options: KeepAliveOptions): Program<Watched> {
  return lab.client.start(
    async ({ host, port, asked }, { tell, next }) => {
      const { default: events } = await import('node:events')
      const net = await import('node:net')
      const { getTcpInfo, setKeepAlive } = await import('tcp-keepalive')
      const now = (): number => performance.timeOrigin + performance.now()
      const socket = net.connect(port, host)
      await events.once(socket, 'connect')
      setKeepAlive(socket, asked)
      socket.write('.')
      await events.once(socket, 'data')
      const samples: { before: number; info: ReturnType<typeof getTcpInfo>; after: number }[] = []
      const timer = setInterval(() => {
        const before = now()
        const info = getTcpInfo(socket)
        samples.push({ before, info, after: now() })
      }, 50)
      void next().then(() => socket.write('late'))
      const { localPort = 0 } = socket
      tell('watching')
      const [error] = (await events.once(socket, 'error')) as [NodeJS.ErrnoException]
      clearInterval(timer)
      return { port: localPort, samples, code: error.code ?? '' }
    },
    { host: lab.server.address, port: echoPort, asked: options },
  )
}

/** Both must say the same at every sample. */
function compare(t: ExecutionContext, { samples, port }: Watched, capture: Capture, lab: Lab): void {
  const probes = keepAliveProbes(capture.packets, { from: { address: lab.client.address, port } })
  const heard = capture.packets.filter(({ to }) => to.address === lab.client.address && to.port === port)
  let worst = 0
  for (const { before, info, after } of samples) {
    const at = (before + after) / 2
    const last = heard.findLast((packet) => packet.at <= before)
    const silence = at - (last?.at ?? Number.NaN)
    worst = Math.max(worst, Math.abs((info.silentFor ?? Number.NaN) - silence))
    const since = probes.filter((probe) => probe.at > (last?.at ?? Number.NaN))
    const [fewest, most] = [before - CLOCKS_MS, after + CLOCKS_MS].map(
      (moment) => since.filter((probe) => probe.at <= moment).length,
    )
    const told = info.unansweredProbes ?? Number.NaN
    t.true(told >= (fewest ?? 0) && told <= (most ?? 0), `${told} probes, captured ${fewest} to ${most}`)
  }
  t.log(`${samples.length} samples, ${probes.length} probes, silence at most ${worst.toFixed(0)} ms apart`)
  t.true(worst <= SILENCE_MS, `${worst} ms`)
}

withLab('idle: silence and unanswered probes are those of the capture from the cut to the end', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const capture = await lab.capture()
  const program = watch(lab, { time: 2000, interval: 1000, retries: 4 })
  await program.event('watching')
  await sleep(3000) // a living peer answers the first probe
  await lab.cut()
  const watched = await program.result
  await capture.stop()
  t.is(watched.code, 'ETIMEDOUT')
  compare(t, watched, capture, lab)
  const counts = new Set(watched.samples.map(({ info }) => info.unansweredProbes))
  t.deepEqual([...counts], [0, 1, 2, 3, 4])
})

withLab('writing: what is unacknowledged is told until the end, and that it was sent again', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const capture = await lab.capture()
  const program = watch(lab, { time: 2000, interval: 1000, retries: 4, userTimeout: 3000 })
  await program.event('watching')
  await sleep(500)
  await lab.cut()
  const cutAt = performance.timeOrigin + performance.now()
  program.send('write')
  const watched = await program.result
  await capture.stop()
  t.is(watched.code, 'ETIMEDOUT')
  compare(t, watched, capture, lab)
  const settled = watched.samples.filter(({ before }) => before > cutAt + 1000)
  t.true(settled.length > 10)
  t.true(settled.every(({ info }) => info.unacknowledged === 1 && (info.retransmits ?? 0) >= 1))
  t.true(watched.samples.filter(({ after }) => after < cutAt).every(({ info }) => info.unacknowledged === 0))
})
