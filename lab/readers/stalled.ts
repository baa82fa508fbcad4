/** Real servers that stop reading in the middle of a large transfer: they go on after a while, or die. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { type Postgres, startPostgres } from '../servers/postgres.ts'
import { redis as redisKind } from '../servers/databases.ts'
import type { Server } from '../servers/service.ts'

export interface Ended {
  readonly name: string
  /** What the server said at the end of the whole transfer. */
  readonly result?: string
  readonly code?: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly pausedMs: number
}

export interface StalledCourse {
  /** What ended while the servers stood still, which none may. */
  readonly early: readonly Ended[]
  /** How each ended once they went on. */
  readonly goneOn: readonly Ended[]
  /** How each ended after its server was cut off, with when that was. */
  readonly dead: readonly Ended[]
  readonly diedAt: number
}

/** @param stalledMs for how long the servers stand still; before they die, a sixth of it */
export async function stallAndDie(lab: Lab, detectWithin: number, stalledMs: number): Promise<StalledCourse> {
  const [postgres, redis, web] = await Promise.all([
    startPostgres(lab.server, { settings: { max_wal_size: '2GB' } }),
    redisKind.start(lab.server),
    startWeb(lab),
  ])
  try {
    return await course(lab, { postgres, redis, web }, detectWithin, stalledMs)
  } finally {
    await Promise.all([postgres.stop(), redis.stop()])
  }
}

interface Servers {
  readonly postgres: Postgres
  readonly redis: Server
  readonly web: Program<void>
}

async function course(
  lab: Lab,
  servers: Servers,
  detectWithin: number,
  stalledMs: number,
): Promise<StalledCourse> {
  const { postgres, redis, web } = servers
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
    await signal(lab, 'STOP', pid)
    await ask('transfer')
    await sleep(ms)
  }
  await stall(stalledMs)
  const early = program.told<Ended>('ended')
  await ask('unlock')
  await signal(lab, 'CONT', pid)
  web.send('read')
  const goneOn: Ended[] = []
  for (let transfer = 0; transfer < 3; transfer++) goneOn.push((await program.event<Ended>('ended')).data)
  await stall(stalledMs / 6)
  await lab.cut()
  const diedAt = performance.timeOrigin + performance.now()
  const until = performance.now() + 3 * detectWithin
  while (program.told<Ended>('ended').length < 6 && performance.now() < until) await sleep(50)
  await program.stop()
  return { early, goneOn, dead: program.told<Ended>('ended').slice(3), diedAt }
}

async function signal(lab: Lab, name: 'STOP' | 'CONT', pid: number): Promise<void> {
  await once(lab.server.spawn('sh', ['-c', `kill -${name} ${pid}`]), 'exit')
}

/** Reads an upload only once it is told to, and then says how many bytes came. */
async function startWeb(lab: Lab): Promise<Program<void>> {
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
