/** examples/drill: the tests that a project copies into its own suite, against real servers. */
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { redis } from '../../lab/servers/redis.ts'
import { unless, withPostgres } from '../needs.ts'

const noRedis = redis.unavailable()
const withBoth = noRedis === undefined ? withPostgres : unless(noRedis)

/** With PostgreSQL and Redis on the server. */
async function openServers(t: Parameters<typeof openLab>[0]): Promise<{ lab: Lab; env: NodeJS.ProcessEnv }> {
  const lab = await openLab(t)
  const [postgres, { port, stop }] = await Promise.all([startPostgres(lab.server), redis.start(lab.server)])
  t?.teardown(async () => {
    await Promise.all([postgres.stop(), stop()])
  })
  const { connection } = postgres
  const { host, user, database } = connection
  const env = {
    ...process.env,
    DATABASE_URL: `postgres://${user}@${host}:${connection.port}/${database}`,
    REDIS_URL: `redis://${host}:${port}`,
  }
  return { lab, env }
}

withBoth('node:test: pg and ioredis answer again within 30 s', async (t) => {
  t.timeout(180_000)
  const { lab, env } = await openServers(t)
  const file = join(ROOT, 'examples/drill/node-test.test.mjs')
  const program = lab.client.spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = await Promise.all([text(program.stdout as NodeJS.ReadableStream), once(program, 'exit')])
  t.is(program.exitCode, 0, printed)
  t.regex(printed, /^# pass 2$/m)
  t.regex(printed, /^# fail 0$/m)
  // Each waited for the kernel, as its connection was cut off.
  const durations = [...printed.matchAll(/^ +duration_ms: ([\d.]+)/gm)].map(([, ms]) => Number(ms))
  t.true(durations.filter((ms) => ms > 20_000).length >= 2, printed)
})
