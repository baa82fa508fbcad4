/** The own clients of Bun and Deno on real servers, tested like in native-clients.slow.ts. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { planKeepAlive } from 'tcp-keepalive'
import type { Host } from '../../lab/network/host.ts'
import { openLab } from '../../lab/network/lab.ts'
import { ALL_RUNTIMES } from '../../lab/platforms/runtimes.ts'
import { redis } from '../../lab/servers/databases.ts'
import { Relay } from '../../lab/servers/relay.ts'
import { isInTime } from '../../lab/timing.ts'
import { unless, withLab } from '../needs.ts'
import { protectedSockets } from './protected-sockets.ts'

const PROGRAM = fileURLToPath(new URL('clients/own-clients.cjs', import.meta.url))

const DEADLINE_MS = 10_000
const SWEEP_MS = DEADLINE_MS / 10

const { time = 0, interval = 0, retries = 0 } = planKeepAlive({ detectWithin: DEADLINE_MS }).settings
const EXPECTED = { enabled: 1, time: time / 1000, interval: interval / 1000, retries, userTimeout: 0 }

interface Told {
  readonly name: string
  readonly at: number
  readonly data?: unknown
}

const noRedis = redis.unavailable()
const withRedis = noRedis ? unless(noRedis) : withLab

withRedis('RedisClient of Bun with Redis', async (t) => {
  await tryClient(t, 'bun', (host) => redis.start(host))
})

withLab('fetch of Deno with a Node server', async (t) => {
  await tryClient(t, 'deno', async (host) => {
    const server = host.start(async (_: undefined, { tell }) => {
      const { createServer } = await import('node:http')
      const server = createServer({ keepAliveTimeout: 600_000 }, ({ url }, response) => {
        if (url === '/') response.end('answer')
      })
      server.listen(8080, '0.0.0.0', () => tell('ready'))
    }, undefined)
    await server.event('ready')
    return { port: 8080, stop: () => server.stop() }
  })
})

async function tryClient(
  t: ExecutionContext,
  name: 'bun' | 'deno',
  start: (host: Host) => Promise<{ readonly port: number; stop(): Promise<void> }>,
): Promise<void> {
  t.timeout(600_000)
  const runtime = ALL_RUNTIMES.find((each) => each.name === name)
  if (!runtime) throw new Error(`no ${name}`)
  const { command } = await runtime.prepare()
  const lab = await openLab(t)
  const server = await start(lab.server)
  t.teardown(() => server.stop())
  const relay = new Relay(lab.server)
  t.teardown(() => relay.stop())
  const way = await relay.open({ target: server.port })

  const [first = ''] = command
  // With fewer rights, Deno does not let a program read its process ID from /proc. reach needs no more rights than the package
  // always does.
  const words = name === 'deno' ? ['run', '--no-prompt', '--allow-all'] : []
  const given = [lab.server.address, String(way.port), String(DEADLINE_MS)]
  const client = lab.client.spawn(first, [...words, PROGRAM, ...given], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => client.kill('SIGKILL'))
  const told = teller(client)
  const say = (line: string): unknown => client.stdin?.write(`${line}\n`)

  const { data: pid } = await told('pid')
  say('use')
  await told('used')
  const before = await protectedSockets(t, Number(pid), way.port, EXPECTED)
  await way.drop()
  say('use')
  await told('used')
  const after = await protectedSockets(t, Number(pid), way.port, EXPECTED, before)
  t.true(
    after.every((port) => !before.includes(port)),
    'a new connection',
  )

  say('wait')
  await told('waits')
  await sleep(1000) // what it sends has arrived
  const cutAt = Date.now()
  await lab.cut()
  const { at, data } = await told('told')
  const { message, paused } = data as { message: string; paused: number }
  const took = at - cutAt
  t.log(`${name}: told after ${(took / 1000).toFixed(1)} s: ${message}`)
  t.true(took > EXPECTED.time * 1000 - SWEEP_MS, 'not of anything else')
  t.true(isInTime(took, paused, DEADLINE_MS + SWEEP_MS), `${took} ms, of which paused ${paused}`)
}

/** Waits for the next line with that name. The lines come in the order of the requests. */
function teller(client: ChildProcess): (name: string) => Promise<Told> {
  if (!client.stdout) throw new Error('it has no output')
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
  const ended = once(client, 'exit').then(([code, signal]) => {
    throw new Error(`the client ended with ${code ?? signal}`)
  })
  ended.catch(() => {})
  return async (name) => {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), ended])
      if (done) await ended
      const told = JSON.parse(value as string) as Told
      if (told.name === name) return told
    }
  }
}
