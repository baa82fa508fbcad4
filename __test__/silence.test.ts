/** What `getTcpInfo` reports for a dead peer, compared with a packet capture. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { KeepAliveOptions, TcpInfo } from 'tcp-keepalive'
import type { Capture } from '../lab/network/capture.ts'
import { echoPort, startEcho } from '../lab/network/echo.ts'
import { keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { type Lab, openLab } from '../lab/network/lab.ts'
import type { Program } from '../lab/network/program.ts'
import { withLab } from './needs.ts'
import { KERNEL_MS } from '../lab/timing.ts'

/** Times are by the clock of a capture. */
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

/** A connection whose information is read every 50 ms until its end. It writes on request. */
function watch(lab: Lab, options: KeepAliveOptions): Program<Watched> {
  return lab.client.start(
    async ({ host, port, asked }, { tell, next }) => {
      const { default: events } = await import('node:events')
      const net = await import('node:net')
      const { getTcpInfo, setKeepAlive } = await import('tcp-keepalive')
      const socket = net.connect(port, host)
      await events.once(socket, 'connect')
      setKeepAlive(socket, asked)
      socket.write('.')
      await events.once(socket, 'data')
      const samples: { before: number; info: ReturnType<typeof getTcpInfo>; after: number }[] = []
      const timer = setInterval(() => {
        const before = Date.now()
        const info = getTcpInfo(socket)
        samples.push({ before, info, after: Date.now() })
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

/**
 * Both must agree at every sample. On a busy machine another process may run during a sample, and a packet may arrive meanwhile.
 * Then the sample may have the silence from before or after that packet.
 */
function compare(t: ExecutionContext, { samples, port }: Watched, capture: Capture, lab: Lab): void {
  const probes = keepAliveProbes(capture.packets, { from: { address: lab.client.address, port } })
  const heard = capture.packets.filter(({ to }) => to.address === lab.client.address && to.port === port)
  const open = whileOpen(samples)
  for (const { before, info, after } of open) {
    const [from, until] = [before - KERNEL_MS, after + KERNEL_MS]
    const sure = heard.filter(({ at }) => at <= from).slice(-1)
    const meanwhile = heard.filter(({ at }) => at > from && at <= until)
    const possible = [...sure, ...meanwhile].map((last) => {
      const since = probes.filter(({ at }) => at > last.at)
      return {
        silence: [from - last.at, until - last.at] as const,
        probes: [
          since.filter(({ at }) => at <= from).length,
          since.filter(({ at }) => at <= until).length,
        ] as const,
      }
    })
    const { silentFor = Number.NaN, unansweredProbes = Number.NaN } = info
    t.true(
      possible.some((each) => isIn(each.silence, silentFor) && isIn(each.probes, unansweredProbes)),
      `silent for ${silentFor} ms, ${unansweredProbes} probes; captured: ${JSON.stringify(possible)}`,
    )
  }
  const longest = Math.max(...open.map(({ before, after }) => after - before))
  t.log(`${open.length} samples, the longest took ${longest} ms; ${probes.length} probes`)
}

function isIn([least, most]: readonly [number, number], value: number): boolean {
  return value >= least && value <= most
}

/**
 * The samples before the end. The kernel may end the connection before a sample, and Node report the error after it. Such a socket
 * is closed, and has no count of probes any more.
 */
function whileOpen(samples: readonly Sample[]): readonly Sample[] {
  const open = samples.filter(({ info }) => info.state !== 'closed')
  return samples.slice(0, open.length).every((sample) => open.includes(sample)) ? open : samples
}

withLab(
  'idle: silence and unanswered probes equal those of the capture from the cut to the end',
  async (t) => {
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
    const counts = new Set(whileOpen(watched.samples).map(({ info }) => info.unansweredProbes))
    t.deepEqual([...counts], [0, 1, 2, 3, 4])
  },
)

withLab(
  'writing: unacknowledged data is reported until the end, and that it was retransmitted',
  async (t) => {
    const lab = await openLab(t)
    await startEcho(lab)
    const capture = await lab.capture()
    const program = watch(lab, { time: 2000, interval: 1000, retries: 4, userTimeout: 3000 })
    await program.event('watching')
    await sleep(500)
    await lab.cut()
    const cutAt = Date.now()
    program.send('write')
    const watched = await program.result
    await capture.stop()
    t.is(watched.code, 'ETIMEDOUT')
    compare(t, watched, capture, lab)
    // Once, then soon again as a tail-loss probe, and after that because nothing was acknowledged.
    const written = capture.packets.filter(({ length }) => length === 'late'.length)
    const againAt = written[2]?.at ?? Number.NaN
    const settled = whileOpen(watched.samples).filter(({ before }) => before > againAt + KERNEL_MS)
    t.true(settled.length > 0)
    t.true(settled.every(({ info }) => info.unacknowledged === 1 && (info.retransmits ?? 0) >= 1))
    const unwritten = watched.samples.filter(({ after }) => after < cutAt)
    t.true(unwritten.length > 0)
    t.true(unwritten.every(({ info }) => info.unacknowledged === 0))
  },
)
