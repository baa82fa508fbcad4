/** PostgreSQL and Redis on the laboratory's server, at the addresses that the drill examples use. */
import type test from 'ava'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { redis } from '../../lab/servers/databases.ts'
import { unless, withPostgres } from '../needs.ts'

const noRedis = redis.unavailable()
export const withBoth: typeof test | typeof test.skip = noRedis === undefined ? withPostgres : unless(noRedis)

/** With PostgreSQL and Redis on the server. */
export async function openServers(
  t: Parameters<typeof openLab>[0],
): Promise<{ lab: Lab; env: NodeJS.ProcessEnv }> {
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
