/** Pools on a PostgreSQL across the router, one fault after the other: the dead are told once and in time, nobody else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lab, withLab } from '../../lab/network/lab.ts'
import { type Postgres, postgresUnavailable, startPostgres } from '../../lab/servers/postgres.ts'
import { labUnavailable } from '../../lab/network/requirements.ts'
import { readOptions, seedOf, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'
import { type FaultKind, faultKinds, PATIENCE_SECONDS } from './faults.ts'
import { clock, figuresOf, seconds, type SoakOptions } from './figures.ts'
import { grown } from './flat.ts'
import { Processes } from './processes.ts'
import { Random } from '../random.ts'
import { makeWhole, meet, type RoundResult } from './round.ts'
import { Silence } from './silence.ts'

export const usage = `
  --connections N  how many are held, 2000 unless told
  --minutes N      for how long faults begin, 10 unless told; each kind is met once at least
  --seconds N      the same in seconds
  --seed N         the order and the lengths of the faults, and the load; by chance unless told`

/** How often a fault is tried whose length decides nothing. */
const ATTEMPTS = 5

/** Two thousand lines help nobody. */
const WRONG_SHOWN = 20

/** @throws where a dead connection was not told once and in time, or a living one was dropped */
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

/** @throws UsageError for what is no number */
function readSoakOptions(args: readonly string[]): SoakOptions {
  const { connections, minutes, seconds, seed } = readOptions(
    args,
    'connections',
    'minutes',
    'seconds',
    'seed',
  )
  const lastsMs = wholeNumber('minutes', minutes, { otherwise: 10 }) * 60_000
  return {
    connections: wholeNumber('connections', connections, { otherwise: 2000 }),
    lastsMs: seconds === undefined ? lastsMs : wholeNumber('seconds', seconds, { otherwise: 0 }) * 1000,
    seed: seedOf(seed),
  }
}

async function soak(lab: Lab, { connections, lastsMs, seed }: SoakOptions): Promise<RoundResult[]> {
  const random = new Random(seed)
  await lab.forget(PATIENCE_SECONDS) // what is opened before would not be known
  const postgres = await startServer(lab, connections)
  const silence = new Silence(postgres.connection.port)
  await lab.capture({
    filter: `tcp port ${postgres.connection.port}`,
    each: (packet) => silence.take(packet),
  })
  const processes = await Processes.start(lab, postgres, connections, seed)
  const opening = await makeWhole(processes, connections)
  console.log(`all open after ${seconds(opening)}`)
  await processes.tell('startLoad')
  const rounds: RoundResult[] = []
  const start = performance.now()
  for (const kind of course(random, () => performance.now() - start < lastsMs)) {
    for (let attempt = 1, isOpen = true; isOpen; attempt++) {
      if (attempt > ATTEMPTS) throw new Error('this machine is too busy for a fault of a certain length')
      await sleep(random.between(500, 2500))
      const result = await meet(kind({ lab, postgres, random }), processes, connections, silence)
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

/** Every kind once in a random order, and again in another for as long as there is time. */
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

/** The database that so many connections are held to. */
async function startServer(lab: Lab, connections: number): Promise<Postgres> {
  const settings = {
    // The server notices the end of old connections only after the client has: both generations are there for a while.
    max_connections: 2 * connections + 50,
    // Its own keepalive is slower than what is tested, so that the client's decides: 5 s, then 10 probes.
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: 10,
    // What it has sent it repeats 0.2, 0.6, 1.4, 3.0 and 6.2 s later, and gives up instead of at 12.6 s.
    tcp_user_timeout: 12_000,
    // Without this its shared memory outlives a machine that loses its power.
    dynamic_shared_memory_type: 'mmap',
    synchronous_commit: 'off',
  }
  return startPostgres(lab.server, { settings })
}
