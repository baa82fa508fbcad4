/**
 * A peer whose kernel has no memory for what it is sent: it drops that and answers. It lives, so it is not dropped. Once it is dead, that is told
 * by the deadline.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { type KeepAliveOptions, planKeepAlive } from 'tcp-keepalive'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { FAST, STOPPED } from '../../lab/readers/kinds.ts'
import { SlowReader } from '../../lab/readers/slow-reader.ts'
import { isInTime, PAUSES, type Pauses } from '../../lab/timing.ts'
import { withLab } from '../needs.ts'

const DEADLINE = 10_000

/** Longer than the kernel's own patience at this deadline, which is 27 s: net.ipv4.tcp_retries2 times TCP_RTO_MAX_MS. */
const LIVING = 4.5 * DEADLINE

/** Swallows what is sent again, or its answer, in four of five cases: that comes each fifth of the deadline. */
const OUTAGE = 0.16 * DEADLINE

interface Lost {
  readonly name: string
  readonly code: string
  readonly at: number
  readonly pausedMs: number
}

/** Something unread, so that the kernel has a reason to drop what follows. */
const UNREAD = 20_000

/** Less than what is unread, and enough for it. */
const [SMALL, LARGE] = [2304, 200_000]

/** A server on the reader's host that goes on talking, whatever it is sent. */
async function startTalking(lab: Lab): Promise<number> {
  const server = lab.server.start(async (_: undefined, { tell }) => {
    const { createServer } = await import('node:net')
    const listener = createServer({ noDelay: true }, (socket) => {
      const timer = setInterval(() => socket.write('x'), 300)
      socket.on('error', () => clearInterval(timer)).resume()
    })
    listener.listen(0, '127.0.0.1', () => tell('listening', (listener.address() as { port: number }).port))
  })
  return (await server.event<number>('listening')).data
}

/** Every second answer has an open window, as where the memory of all of TCP is short (tcp_select_window() of Linux 6.14). */
const reopening = (ports: readonly number[]): string => `nft -f - <<'RULES'
table ip reopening {
  chain forward {
    type filter hook forward priority 10
    tcp sport { ${ports.join(', ')} } numgen inc mod 2 0 tcp window set 1000
  }
}
RULES`

/** Every answer has an open window, although what it answers is not taken. */
const opened = (ports: readonly number[]): string => `nft -f - <<'RULES'
table ip opened {
  chain forward {
    type filter hook forward priority 10
    tcp sport { ${ports.join(', ')} } tcp window set 1000
  }
}
RULES`

interface Peer {
  readonly name: string
  readonly reader: SlowReader
  readonly port: number
}

const KINDS = ['closed', 'reopening'].flatMap((window) =>
  ['silent', 'talking'].flatMap((talk) => ['first', 'second'].map((one) => `${window}, ${talk}, ${one}`)),
)

async function listenAll(lab: Lab): Promise<Peer[]> {
  const silent = new SlowReader(lab.server)
  const talking = new SlowReader(lab.server, await startTalking(lab))
  const peers = await Promise.all(
    KINDS.map(async (name) => {
      const reader = name.includes('talking') ? talking : silent
      return { name, reader, port: await reader.listen() }
    }),
  )
  const reopened = peers.filter(({ name }) => name.startsWith('reopening'))
  await lab.router.configure(reopening(reopened.map(({ port }) => port)))
  return peers
}

/** Connects to each, writes a little, and more once the peers are out of memory. */
function startWriting(lab: Lab, peers: readonly Peer[], options: KeepAliveOptions) {
  return lab.client.start(
    async ({ host, all, values, unread, pauses }, { tell, next }) => {
      const net = await import('node:net')
      const { getTcpInfo, setKeepAlive } = await import('tcp-keepalive')
      const { watchPauses } = (await import(pauses)) as Pauses
      const pausedSince = watchPauses()
      const sockets = all.map(({ name, port }) => {
        const socket = net.connect(port, host).resume()
        let heardAt = performance.timeOrigin + performance.now()
        socket.on('data', () => (heardAt = performance.timeOrigin + performance.now()))
        socket.on('error', ({ code }: NodeJS.ErrnoException) => {
          const at = performance.timeOrigin + performance.now()
          tell('lost', { name, code, at, pausedMs: pausedSince(heardAt) })
        })
        socket.on('connect', () => {
          setKeepAlive(socket, values)
          socket.write(Buffer.alloc(unread))
        })
        return { name, socket }
      })
      const until = async (isSo: () => boolean): Promise<void> => {
        while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      const isTaken = (socket: (typeof sockets)[number]['socket']): boolean =>
        !socket.connecting && socket.writableLength === 0 && getTcpInfo(socket).unacknowledged === 0
      await until(() => sockets.every(({ socket }) => isTaken(socket)))
      tell('queued')
      await next()
      for (const { socket } of sockets) socket.write(Buffer.alloc(10 * unread))
      await next()
      await until(() =>
        sockets.every(({ name, socket }) => !name.endsWith('second') || socket.destroyed || isTaken(socket)),
      )
      tell('drained')
    },
    {
      host: lab.server.address,
      all: peers.map(({ name, port }) => ({ name, port })),
      values: options,
      unread: UNREAD,
      pauses: PAUSES,
    },
  )
}

async function runOut(t: ExecutionContext, options: KeepAliveOptions) {
  t.timeout(180_000)
  const lab = await openLab(t)
  const peers = await listenAll(lab)
  const client = startWriting(lab, peers, options)
  await client.event('queued')
  await Promise.all(peers.map(({ reader, port }) => reader.read(port, { ...STOPPED, buffer: SMALL })))
  await sleep(200)
  client.send('write')
  return { lab, peers, client }
}

withLab(
  'a peer that is out of memory and answers is not dropped through outages, and takes all once it has memory; dead, it is told of',
  async (t) => {
    const { lab, peers, client } = await runOut(t, { detectWithin: DEADLINE })
    const end = performance.now() + LIVING
    while (performance.now() < end) {
      await sleep(DEADLINE)
      await lab.cut()
      await sleep(OUTAGE)
      await lab.heal()
    }
    t.deepEqual(client.told('lost'), [])
    // From now on Linux counts the retransmissions to all peers. Those to the closed ones began when this test did.
    const closed = peers.filter(({ name }) => name.startsWith('closed')).map(({ port }) => port)
    await lab.router.configure(opened(closed))
    await sleep(DEADLINE)
    await lab.router.configure('nft delete table ip opened')
    t.deepEqual(client.told('lost'), [])
    const second = peers.filter(({ name }) => name.endsWith('second'))
    await Promise.all(second.map(({ reader, port }) => reader.read(port, { ...FAST, buffer: LARGE })))
    client.send('drain')
    await client.event('drained')
    t.deepEqual(client.told('lost'), [])
    await lab.cut()
    const diedAt = performance.timeOrigin + performance.now()
    const first = peers.filter(({ name }) => name.endsWith('first')).map(({ name }) => name)
    const told = (): Lost[] => client.told<Lost>('lost').filter(({ name }) => first.includes(name))
    while (told().length < first.length) await sleep(50)
    for (const { name, code, at, pausedMs } of told()) {
      const inWords = `${name}: ${code} after ${(at - diedAt).toFixed()} ms, paused for ${pausedMs.toFixed()} ms`
      t.log(inWords)
      t.is(code, 'ETIMEDOUT')
      t.true(isInTime(at - diedAt, pausedMs, DEADLINE), inWords)
    }
  },
)

withLab(
  "under the kernel's own rule, with the same user timeout, peers that are out of memory are dropped",
  async (t) => {
    const { userTimeout = 0 } = planKeepAlive({ detectWithin: DEADLINE }).settings
    const { client, peers } = await runOut(t, { userTimeout })
    await sleep(1.5 * DEADLINE)
    t.is(client.told('lost').length, peers.length)
  },
)
