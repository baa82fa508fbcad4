/** Real servers that stop reading during a large transfer: they continue after a while, or die. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { startPostgres } from '../servers/postgres.ts'
import { redis as redisKind } from '../servers/databases.ts'
import { finish } from '../servers/service.ts'
import type { Timed } from '../timing.ts'

export interface Ended extends Timed {
  /** The server's answer to the whole transfer. */
  readonly result?: string
  readonly code?: string
}

interface StalledCourse {
  /** The transfers that ended while the servers read nothing: there must be none. */
  readonly early: readonly Ended[]
  /** The end of each transfer after the servers continued. */
  readonly goneOn: readonly Ended[]
  /** The end of each transfer after its server was cut off, which was at `diedAt`. */
  readonly dead: readonly Ended[]
  readonly diedAt: number
}

/** @param stalledMs how long the servers read nothing; before their death it is a sixth of this */
export async function stallAndDie(lab: Lab, detectWithin: number, stalledMs: number): Promise<StalledCourse> {
  const [postgres, redis] = await Promise.all([
    startPostgres(lab.server, { settings: { max_wal_size: '2GB' } }),
    redisKind.start(lab.server),
  ])
  const web = startWeb(lab)
  const program = lab.client.startModule(new URL('stalled-inside.mjs', import.meta.url), 'runStalled', {
    host: lab.server.address,
    ports: { redis: redis.port, http: (await web.event<number>('listening')).data },
    postgres: postgres.connection,
    options: { detectWithin },
  })
  const { data: pid } = await program.event<number>('redis')
  const ask = async (...actions: readonly string[]): Promise<void> => {
    for (const action of actions) {
      program.send(action)
      await program.event('done')
    }
  }
  const stall = async (ms: number): Promise<void> => {
    await ask('lock')
    await finish(lab.server, 'sh', ['-c', `kill -STOP ${pid}`])
    await ask('transfer')
    await sleep(ms)
  }
  await stall(stalledMs)
  const early = program.told<Ended>('ended')
  await ask('unlock')
  await finish(lab.server, 'sh', ['-c', `kill -CONT ${pid}`])
  web.send('read')
  const goneOn: Ended[] = []
  for (let transfer = 0; transfer < 3; transfer++) goneOn.push((await program.event<Ended>('ended')).data)
  await stall(stalledMs / 6)
  await lab.cut()
  const diedAt = performance.timeOrigin + performance.now()
  const until = performance.now() + 3 * detectWithin
  while (program.told<Ended>('ended').length < 6 && performance.now() < until) await sleep(50)
  await Promise.all([program.stop(), postgres.stop(), redis.stop()])
  return { early, goneOn, dead: program.told<Ended>('ended').slice(3), diedAt }
}

/** Reads an upload only after a message, and answers with the number of bytes. */
function startWeb(lab: Lab): Program<void> {
  return lab.server.start(async (_: undefined, { tell, next }) => {
    const http = await import('node:http')
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      await next()
      let bytes = 0
      for await (const chunk of request) bytes += (chunk as Buffer).length
      response.end(String(bytes))
    }
    const server = http.createServer((request, response) => void answer(request, response))
    server.listen(0, () => tell('listening', (server.address() as { port: number }).port))
  }, undefined)
}
