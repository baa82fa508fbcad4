/** The part `soak`: pools and a PostgreSQL server with a router between them, and one fault after the other. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lab, withLab } from '../../lab/network/lab.ts'
import { type Postgres, postgresUnavailable, startPostgres } from '../../lab/servers/postgres.ts'
import { labUnavailable } from '../../lab/network/requirements.ts'
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'
import { Random } from '../random.ts'
import { type FaultKind, faultKinds, PATIENCE_SECONDS } from './faults.ts'
import { clock, figuresOf, seconds, type SoakOptions } from './figures.ts'
import { grown } from './flat.ts'
import { startProcesses } from './processes.ts'
import { makeWhole, meet, type RoundResult } from './round.ts'
import { Silence } from './silence.ts'

export const usage = `
  --connections N  connections held (2000)
  --minutes N      how long faults begin (10); each kind occurs at least once
  --seconds N      the same in seconds
  --seed N         the order and the lengths of the faults, and the load (random)`

/** How often a fault is repeated whose length allows both fates. */
const ATTEMPTS = 5

/** The longest list of violations. */
const WRONG_SHOWN = 20

/** @throws if a dead connection was not reported once and in time, or a living one was dropped */
export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const options = readSoakOptions(args)
  const missing = (await labUnavailable()) ?? (await postgresUnavailable())
  if (missing !== undefined) throw new Error(missing)
  console.log(`${options.connections} connections, --seed ${options.seed}`)
  return withLab(async (lab) => {
    const start = performance.now()
    const rounds = await soak(lab, options)
    const tookMs = performance.now() - start
    const wrong = grown(rounds)
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
    return figuresOf(rounds, options, tookMs)
  })
}

function readSoakOptions(args: readonly string[]): SoakOptions {
  const given = readOptions(args, 'connections', 'minutes', 'seconds', 'seed')
  const minutes = wholeNumber('minutes', given.minutes, 10)
  return {
    connections: wholeNumber('connections', given.connections, 2000),
    lastsMs: 1000 * wholeNumber('seconds', given.seconds, 60 * minutes),
    seed: seedOf(given.seed),
  }
}

async function soak(lab: Lab, { connections, lastsMs, seed }: SoakOptions): Promise<RoundResult[]> {
  const random = new Random(seed)
  await lab.forget(PATIENCE_SECONDS) // the router does not know connections that were opened before
  const postgres = await startServer(lab, connections)
  const silence = new Silence(postgres.connection.port)
  const filter = `tcp port ${postgres.connection.port}`
  await lab.capture({ filter, each: (packet) => silence.take(packet) })
  const tell = await startProcesses(lab, postgres, connections, seed)
  const opening = await makeWhole(tell, connections)
  console.log(`all open after ${seconds(opening)}`)
  await tell('startLoad')
  const rounds: RoundResult[] = []
  const start = performance.now()
  for (const kind of course(random, () => performance.now() - start < lastsMs)) {
    for (let attempt = 1, isOpen = true; isOpen; attempt++) {
      if (attempt > ATTEMPTS) throw new Error('this machine is too busy: faults last too long')
      await sleep(random.between(500, 2500))
      const result = await meet(kind({ lab, postgres, random }), tell, connections, silence)
      console.log(`${clock(performance.now() - start)}  ${describe(result)}`)
      const wrong = result.wrong.slice(0, WRONG_SHOWN)
      if (wrong.length > 0) throw new Error([result.name, ...wrong].join('\n'))
      rounds.push(result)
      isOpen = result.fate === 'open'
    }
  }
  await postgres.stop()
  return rounds
}

/** Every kind in a random order, and again in another order while there is time. */
function* course(random: Random, hasTime: () => boolean): Generator<FaultKind> {
  yield* random.shuffled(faultKinds)
  while (hasTime()) {
    for (const kind of random.shuffled(faultKinds)) if (hasTime()) yield kind
  }
}

function describe({ name, fate, lost, latest, wholeAfter }: RoundResult): string {
  const told = lost === 0 ? 'none lost' : `${lost} lost, the latest told after ${seconds(latest)}`
  const open = fate === 'open' ? ' (too long to be harmless, too short to kill: once more)' : ''
  return `${name.padEnd(26)}${told}${open}; all answer again after ${seconds(wholeAfter)}`
}

async function startServer(lab: Lab, connections: number): Promise<Postgres> {
  const settings = {
    // The server detects the end of old connections after the client, so old and new ones exist at the same time.
    max_connections: 2 * connections + 50,
    // Its own keepalive is slower than the client's, which is tested: 5 s, then 10 probes.
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: 10,
    // It retransmits after 0.2, 0.6, 1.4, 3.0 and 6.2 s, and gives up instead of retransmitting after 12.6 s.
    tcp_user_timeout: 12_000,
    // Otherwise its shared memory remains when the machine loses its power.
    dynamic_shared_memory_type: 'mmap',
    synchronous_commit: 'off',
  }
  return startPostgres(lab.server, { settings })
}
