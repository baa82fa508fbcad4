/** The cost of an install for connect and close: processes with and without one alternate on one core. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { peers } from '../connections.ts'
import { compared, type Paired } from '../paired.ts'
import { say } from '../say.ts'

const SETS = 6
const ROUNDS = 60
const WARM_UP = 8
const CONNECTIONS = 100

/** `again` has no install either. */
const KINDS = ['none', 'other', 'matching', 'deadline', 'again'] as const

async function start(install: string): Promise<ChildProcess> {
  const child = fork(new URL('connecting.ts', import.meta.url), [
    String(peers.port),
    install === 'again' ? 'none' : install,
  ])
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess): Promise<number> {
  child.send(CONNECTIONS)
  const [nanoseconds] = (await once(child, 'message')) as [number]
  return nanoseconds
}

type Round = Readonly<Record<(typeof KINDS)[number], number>>

/** New processes, because each has another memory layout. */
async function measureSet(): Promise<Round[]> {
  const children = await Promise.all(KINDS.map(start))
  const seen: Round[] = []
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const times = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<keyof Round, number>
    for (const [place] of children.entries()) {
      const index = (place + Math.abs(round)) % children.length
      const [child, kind] = [children[index], KINDS[index]]
      if (child && kind) times[kind] = await ask(child)
    }
    if (round >= 0) seen.push(times)
  }
  for (const child of children) child.disconnect()
  return seen
}

const rounds: Round[] = []
for (let set = 0; set < SETS; set++) rounds.push(...(await measureSet()))
const over = (reference: keyof Round, measured: keyof Round, again: keyof Round): Paired =>
  compared(rounds.map((one) => ({ reference: one[reference], measured: one[measured], again: one[again] })))

await say('install-other', () => over('none', 'other', 'again'))
await say('install-matching', () => over('none', 'matching', 'again'))
/** Compared with an install of the same values. The processes without an install show how much a run differs from itself. */
await say('install-deadline', () => ({
  ...over('matching', 'deadline', 'matching'),
  self: over('none', 'none', 'again').self,
}))
