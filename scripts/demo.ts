/**
 * The main job, to look at: a pg client on an embedded PostgreSQL, its values before and after, and then, where a
 * network can be made, the cable cut and the moment at which the client is told.
 */
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import { keepAliveProbes } from '../lab/network/keepalive-probes.ts'
import { type Lab, openLab } from '../lab/network/lab.ts'
import type { Inside } from '../lab/network/program.ts'
import { labUnavailable } from '../lab/network/requirements.ts'

const DETECT_WITHIN = 6000
const PORT = 5432

interface Values {
  readonly before: KeepAlive
  readonly after: KeepAlive
  readonly answer: string
}

interface Told {
  readonly code: string | undefined
  readonly outcome: string | undefined
  readonly message: string
}

/** An embedded PostgreSQL that listens like a real one. The function travels to the laboratory, hence its imports. */
const serve = async ({ port }: { port: number }, { tell, next }: Inside): Promise<void> => {
  const { PGlite } = await import('@electric-sql/pglite')
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const server = new PGLiteSocketServer({ db: await PGlite.create(), host: '0.0.0.0', port })
  await server.start()
  tell('listening')
  await next() // until it is told to stop
  await server.stop()
}

/** The client, as an application would write it. */
const connect = async (
  { host, port, detectWithin }: { host: string; port: number; detectWithin: number },
  { tell, next }: Inside,
): Promise<void> => {
  const { default: pg } = await import('pg')
  const { getKeepAlive, outcomeOf, setKeepAlive } = await import('tcp-keepalive')
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  client.on('error', (error: NodeJS.ErrnoException) => {
    tell('told', { code: error.code, outcome: outcomeOf(error), message: error.message } satisfies Told)
  })
  await client.connect()
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const before = getKeepAlive(stream)
  setKeepAlive(stream, { detectWithin })
  const { rows } = await client.query<{ answer: string }>("select 'still here' as answer")
  tell('connected', { before, after: getKeepAlive(stream), answer: rows[0]?.answer ?? '' } satisfies Values)
  await next() // until it is told to stop
  await client.end()
}

const reason = await labUnavailable()
console.log('tcp-keepalive: a PostgreSQL client, and a server that disappears\n')
if (reason === undefined) {
  const lab = await openLab()
  try {
    await acrossTheNetwork(lab)
  } finally {
    await lab.close()
  }
} else {
  await onLoopback()
  console.log(`\nLeft out: cutting the cable. ${reason}`)
  console.log(
    'What would be seen: the client told of the dead server within 6 s; by default, after 2 h 11 min 15 s.',
  )
}

async function acrossTheNetwork(lab: Lab): Promise<void> {
  console.log(
    `client ${lab.client.address} \u2500\u2500 router \u2500\u2500 ${lab.server.address} server (embedded PostgreSQL)\n`,
  )
  const server = lab.server.start(serve, { port: PORT })
  await server.event('listening')
  const capture = await lab.capture()
  const client = lab.client.start(connect, {
    host: lab.server.address,
    port: PORT,
    detectWithin: DETECT_WITHIN,
  })
  showValues((await client.event<Values>('connected')).data)

  console.log(
    '\nThe client waits for nothing in particular. Now the cable is cut, and nobody says goodbye:\n',
  )
  const cutAt = performance.timeOrigin + performance.now()
  await lab.cut()
  line(0, 'the cable is cut')
  let seen = 0
  const told = client.event<Told>('told')
  while (!(await Promise.race([told, sleep(100)]))) {
    const probes = keepAliveProbes(capture.packets, { from: lab.client.address }).filter(
      ({ at }) => at > cutAt,
    )
    for (const { at } of probes.slice(seen)) line(at - cutAt, `probe ${++seen}, no answer`)
  }
  const { at, data } = await told
  line(at - cutAt, `the client is told: ${data.message} (${data.code}, outcome "${data.outcome}")`)
  await capture.stop()
  const { idle } = planKeepAlive({}).detection
  line(idle, `the same with keepalive on and Linux's defaults (${duration(idle)})`)
  console.log('      never   the same with what pg sets by default: keepalive off')
}

/** The same two functions in this process. */
async function onLoopback(): Promise<void> {
  const news = new EventEmitter()
  const here: Inside = {
    tell: (name, data) => void news.emit(name, data),
    next: async <T>() => (await once(news, 'stop'))[0] as T,
  }
  const port = 15_432
  const ended: Promise<void>[] = []
  const listening = once(news, 'listening')
  ended.push(serve({ port }, here))
  await listening
  const connected = once(news, 'connected')
  ended.push(connect({ host: '127.0.0.1', port, detectWithin: DETECT_WITHIN }, here))
  showValues(((await connected) as [Values])[0])
  news.emit('stop')
  await Promise.all(ended)
}

function showValues({ before, after, answer }: Values): void {
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
  console.log(`\nA query is answered: "${answer}"`)
}

function line(ms: number, what: string): void {
  console.log(`${(ms / 1000).toFixed(2).padStart(9)} s   ${what}`)
}

/** As 2 h 11 min 15 s; what is no time at all is never. */
function duration(ms: number | undefined): string {
  if (ms === undefined) return 'unknown'
  if (!Number.isFinite(ms)) return 'never'
  const seconds = ms / 1000
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.round((seconds % 60) * 10) / 10, 's'],
  ] as const
  return parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}
