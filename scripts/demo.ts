/**
 * Shows the main job. Two pg clients connect to an embedded PostgreSQL; their values are shown before and after. Then both are cut
 * off: one waits, one writes. The demo shows when each gets its error. A server that lives and does not read keeps its connection.
 * The demo needs no rights, no network of its own and no other program. Cutting off needs Linux; elsewhere it shows the values alone.
 */
import { once } from 'node:events'
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import pg from 'pg'
import {
  getKeepAlive,
  getTcpInfo,
  type KeepAlive,
  outcomeOf,
  planKeepAlive,
  setKeepAlive,
} from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { formatDuration } from '../src/settings/duration.ts'

const DETECT_WITHIN = 6000

/** How long a living server does not read: 1.5 times as long. */
const STALLED = 9000

/** A client, as an application would write it. */
interface Client {
  readonly client: pg.Client
  readonly stream: Socket
  readonly before: KeepAlive
  /** Resolves when the client gets its error, with the time and the error. */
  readonly told: Promise<{ readonly at: number; readonly error: NodeJS.ErrnoException }>
}

console.log('tcp-keepalive: a PostgreSQL client, and a server that disappears\n')
const db = await PGlite.create()
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 2 })
await server.start()
const port = Number(server.getServerConn().split(':').at(-1))
const [waiting, writing] = await Promise.all([connect(port), connect(port)])
await showValues(waiting)
if (process.platform === 'linux') {
  await cutBothOff()
} else {
  console.log('\nLeft out: cutting the clients off, which needs Linux.')
  await Promise.all([waiting.client.end(), writing.client.end()])
}
await server.stop()

async function connect(port: number): Promise<Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  const told = new Promise<{ at: number; error: NodeJS.ErrnoException }>((resolve) => {
    client.once('error', (error) => resolve({ at: performance.now(), error }))
  })
  client.on('error', () => {})
  await client.connect()
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const before = getKeepAlive(stream)
  setKeepAlive(stream, { detectWithin: DETECT_WITHIN })
  return { client, stream, before, told }
}

async function cutBothOff(): Promise<void> {
  console.log('\nNow nothing reaches the two clients any more, and neither side is told:\n')
  const stalled = await startStalled()
  const drills = [cutOff(waiting.stream), cutOff(writing.stream)]
  const cutAt = performance.now()
  line(0, 'both are cut off; one sends a query')
  line(0, 'a server that lives stops reading, and its client goes on writing')
  writing.client.query('select 1').catch(() => {}) // its 'error' tells the moment
  const ended = Promise.all([
    tell('the client that waits', waiting, cutAt),
    tell('the client that writes', writing, cutAt),
    stalled.read(cutAt),
  ])
  let seen = 0
  while ((await Promise.race([ended, sleep(20)])) === undefined) {
    const probes = waiting.stream.destroyed ? 0 : (getTcpInfo(waiting.stream).unansweredProbes ?? 0)
    while (seen < probes) line(performance.now() - cutAt, `probe ${++seen} to the one that waits, no answer`)
  }
  for (const drill of drills) drill.restore()
  const { idle, write } = planKeepAlive({}).detection
  const minutes = Math.round((write ?? 0) / 60_000)
  line(write ?? 0, `the same write with Linux's defaults (about ${minutes} minutes)`)
  line(idle, `the same wait with keepalive on and Linux's defaults (${duration(idle)})`)
  console.log('      never   the same wait with what pg sets by default: keepalive off')
}

/** A server that does not read until {@link STALLED} is over, and a client that has written more than the kernel takes. */
async function startStalled(): Promise<{ read(cutAt: number): Promise<void> }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTo((server.address() as AddressInfo).port, '127.0.0.1')
  setKeepAlive(client, { detectWithin: DETECT_WITHIN })
  const accepting = once(server, 'connection') as Promise<[Socket]>
  const [[accepted]] = await Promise.all([accepting, once(client, 'connect')])
  const part = Buffer.alloc(1_000_000)
  while (client.writableLength === 0) client.write(part)
  client.end()
  return {
    async read(cutAt) {
      await Promise.race([sleep(STALLED), once(client, 'close')]) // an error, if it was given up
      let read = 0
      for await (const data of accepted) read += (data as Buffer).length
      const rest = client.bytesWritten - read
      if (rest > 0) throw new Error(`The server lived, and ${rest} bytes have not arrived`)
      const arrived = `all ${read / 1_000_000} MB arrive, no client got an error`
      line(performance.now() - cutAt, `the server that lives reads again: ${arrived}`)
      server.close()
    },
  }
}

async function tell(who: string, { told }: Client, cutAt: number): Promise<void> {
  const { at, error } = await told
  line(at - cutAt, `${who} gets an error: ${error.message} (${error.code}, outcome "${outcomeOf(error)}")`)
}

async function showValues({ client, stream, before }: Client): Promise<void> {
  const after = getKeepAlive(stream)
  const answered = await client.query<{ answer: string }>("select 'still here' as answer")
  const call = `setKeepAlive(socket, { detectWithin: ${DETECT_WITHIN} })`
  console.log(`What the kernel holds for the client's socket, before and after ${call}:\n`)
  const rows: [string, (held: KeepAlive) => string][] = [
    ['keepalive', ({ enabled }) => (enabled ? 'on' : 'off')],
    ['time', ({ time }) => duration(time)],
    ['interval', ({ interval }) => duration(interval)],
    ['retries', ({ retries }) => String(retries)],
    ['user timeout', ({ userTimeout }) => (userTimeout === 0 ? "system's rules" : duration(userTimeout))],
    ['a dead server is noticed, idle', (held) => duration(planKeepAlive(held, held).detection.idle)],
    ['a dead server is noticed, writing', (held) => duration(planKeepAlive(held, held).detection.write)],
  ]
  for (const [what, show] of rows) {
    console.log(`  ${what.padEnd(36)}${show(before).padEnd(18)}${show(after)}`)
  }
  console.log(`\nA query is answered: "${answered.rows[0]?.answer}"`)
}

function line(ms: number, what: string): void {
  console.log(`${(ms / 1000).toFixed(2).padStart(9)} s   ${what}`)
}

function duration(ms: number | undefined): string {
  return ms === undefined ? 'unknown' : formatDuration(ms)
}
