/** A retransmission timeout may be long: after a lost SYN-ACK, and after an outage in which an acknowledgement was lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SocketReport } from 'tcp-keepalive'
import { startEcho } from '../../lab/network/echo.ts'
import { openLab } from '../../lab/network/lab.ts'
import { PAUSES, type Pauses, timerAtMost } from '../../lab/timing.ts'
import { withLab } from '../needs.ts'

/** The router drops the first SYN-ACK of each connection. */
const DROP_FIRST_SYN_ACK = `nft -f - <<'RULES'
table inet syn_ack {
  set seen { type inet_service; flags dynamic; size 65535; timeout 1h; }
  chain forward {
    type filter hook forward priority filter - 2
    tcp flags & (syn | ack) == (syn | ack) tcp dport @seen accept
    tcp flags & (syn | ack) == (syn | ack) add @seen { tcp dport } drop
  }
}
RULES`

interface Told {
  readonly deadline: number
  readonly took: number
  readonly code: string
  readonly pausedMs: number
  readonly retransmissionTimeout: number
  readonly warnings: SocketReport['warnings']
}

withLab(
  'a first write after a lost SYN-ACK fails late if the warning late-write says so, and otherwise in time',
  async (t) => {
    t.timeout(120_000)
    const lab = await openLab(t)
    await startEcho(lab)
    await lab.router.configure(DROP_FIRST_SYN_ACK)
    const deadlines = [6000, 10_000, 20_000, 60_000]
    const program = lab.client.start(
      async ({ host, all, pauses }, { tell, next }) => {
        const net = await import('node:net')
        const { inspectSocket, setKeepAlive, getTcpInfo } = await import('tcp-keepalive')
        const { watchPauses } = (await import(pauses)) as Pauses
        const pausedSince = watchPauses()
        const now = (): number => performance.timeOrigin + performance.now()
        const opened = await Promise.all(
          all.map(async (deadline) => {
            const socket = net.connect(7000, host)
            setKeepAlive(socket, { detectWithin: deadline })
            await new Promise((resolve) => socket.on('connect', resolve))
            return { deadline, socket }
          }),
        )
        tell('open')
        await next()
        for (const { deadline, socket } of opened) {
          const wroteAt = now()
          const { retransmissionTimeout } = getTcpInfo(socket)
          const { warnings } = inspectSocket(socket)
          socket.write('x')
          socket.on('error', ({ code }: NodeJS.ErrnoException) => {
            const [took, pausedMs] = [now() - wroteAt, pausedSince(wroteAt)]
            tell('told', { deadline, took, code, pausedMs, retransmissionTimeout, warnings })
          })
        }
      },
      { host: lab.server.address, all: deadlines, pauses: PAUSES },
    )
    await program.event('open')
    await lab.cut()
    program.send('write')
    for (const _ of deadlines) {
      const { deadline, took, code, pausedMs, retransmissionTimeout, warnings } = (
        await program.event<Told>('told')
      ).data
      const isLate = warnings.some(({ code }) => code === 'late-write')
      const inWords = `${deadline / 1000} s: ${code} after ${took.toFixed()} ms, retransmission timeout ${retransmissionTimeout} ms, late-write ${isLate}`
      t.log(inWords)
      t.is(code, 'ETIMEDOUT')
      t.true(retransmissionTimeout >= 3000, 'the SYN-ACK was lost')
      t.true(took <= timerAtMost(isLate ? deadline + retransmissionTimeout : deadline) + pausedMs, inWords)
      if (!isLate) t.true(took - pausedMs <= deadline, inWords)
    }
  },
)

withLab(
  'an outage seems to be a round trip if the acknowledgement was lost: the next write to a dead peer fails in time',
  async (t) => {
    const deadline = 10_000
    const lab = await openLab(t)
    await startEcho(lab)
    const program = lab.client.start(
      async ({ host, detectWithin, pauses }, { tell, next }) => {
        const net = await import('node:net')
        const { getKeepAlive, getTcpInfo, inspectSocket, setKeepAlive } = await import('tcp-keepalive')
        const { watchPauses } = (await import(pauses)) as Pauses
        const pausedSince = watchPauses()
        const socket = net.connect(7000, host)
        setKeepAlive(socket, { detectWithin })
        await new Promise((resolve) => socket.on('connect', resolve))
        const answered = (): Promise<unknown> => new Promise((resolve) => socket.once('data', resolve))
        socket.write('first')
        await answered()
        tell('answered')
        await next()
        socket.write('second')
        await answered()
        tell('heard', getTcpInfo(socket).retransmissionTimeout)
        await next()
        const { userTimeout: solved } = getKeepAlive(socket)
        const wroteAt = performance.now()
        const since = performance.timeOrigin + wroteAt
        socket.write('third')
        setTimeout(() => {
          const { lifted, warnings } = inspectSocket(socket)
          tell('in flight', { solved, userTimeout: getKeepAlive(socket).userTimeout, lifted, warnings })
        }, detectWithin / 5)
        socket.on('error', ({ code }: NodeJS.ErrnoException) =>
          tell('told', { code, took: performance.now() - wroteAt, pausedMs: pausedSince(since) }),
        )
      },
      { host: lab.server.address, detectWithin: deadline, pauses: PAUSES },
    )
    await program.event('answered')
    await lab.mute('server') // what the server says is lost, the client's data arrives
    program.send('write')
    await sleep(100)
    await lab.cut()
    await sleep(2000)
    await lab.heal()
    await lab.mute('client') // what the server sends again acknowledges the data, by a packet that was sent before the outage
    const { data: retransmissionTimeout } = await program.event<number>('heard')
    t.true(
      retransmissionTimeout >= 1200,
      `${retransmissionTimeout} ms: the outage was taken for a round trip`,
    )
    await lab.cut()
    program.send('write')
    const { solved, userTimeout, lifted, warnings } = (
      await program.event<{ solved: number; userTimeout: number; lifted: boolean; warnings: unknown[] }>(
        'in flight',
      )
    ).data
    t.true(userTimeout < solved, 'it is shortened')
    t.deepEqual([lifted, warnings], [false, []], 'which is no lifting, and nobody else has done it')
    const { code, took, pausedMs } = (
      await program.event<{ code: string; took: number; pausedMs: number }>('told')
    ).data
    t.is(code, 'ETIMEDOUT')
    t.true(took - pausedMs <= deadline, `${took} ms`)
  },
)
