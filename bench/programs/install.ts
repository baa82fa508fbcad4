/** What an install costs a connect and close: processes with and without one, turn by turn, on one core. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { startPeers } from '../connections.ts'
import { compared, spread } from '../paired.ts'
import { say } from '../say.ts'

const SETS = 6
const ROUNDS = 60
const WARM_UP = 8
const CONNECTIONS = 100

const peers = await startPeers()
const KINDS = ['none', 'other', 'matching', 'deadline', 'none'] as const

async function start(install: string): Promise<ChildProcess> {
  const child = fork(new URL('connecting.ts', import.meta.url), [String(peers.port), install])
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess): Promise<number> {
  child.send(CONNECTIONS)
  const [nanoseconds] = (await once(child, 'message')) as [number]
  return nanoseconds
}

interface Round {
  readonly reference: number
  readonly other: number
  readonly matching: number
  readonly deadline: number
  readonly again: number
}

/** Processes of their own, as each has its memory laid out in its own way. */
async function measureSet(): Promise<Round[]> {
  const children = await Promise.all(KINDS.map(start))
  const seen: Round[] = []
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const order = children.map((_, index) => (index + Math.abs(round)) % children.length)
    const times: number[] = []
    for (const index of order) {
      const child = children[index]
      if (child) times[index] = await ask(child)
    }
    const [reference = 0, other = 0, matching = 0, deadline = 0, again = 0] = times
    if (round >= 0) seen.push({ reference, other, matching, deadline, again })
  }
  for (const child of children) child.disconnect()
  return seen
}

const rounds: Round[] = []
for (let set = 0; set < SETS; set++) rounds.push(...(await measureSet()))
await say('install-other', () => compared(rounds.map((each) => ({ ...each, measured: each.other }))))
await say('install-matching', () => compared(rounds.map((each) => ({ ...each, measured: each.matching }))))
/** Beside an install of the same values; how far a run differs from itself, those without an install tell. */
await say('install-deadline', () => ({
  ...compared(
    rounds.map(({ matching, deadline }) => ({ reference: matching, measured: deadline, again: matching })),
  ),
  self: spread(rounds.map(({ reference, again }) => again / reference)),
}))
await peers.stop()
