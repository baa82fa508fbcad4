/** `tcp-keepalive ps` of this process, which has 1,000 sockets. Each run is a new process, as for a user. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ours } from '../measured.ts'
import { connectMany, end } from '../connections.ts'
import { compared, median, type Seen, spread, timed } from '../paired.ts'
import { processorTime } from '../processor-time.ts'
import { say } from '../say.ts'

const SOCKETS = 1000
const ROUNDS = 20
const command = join(import.meta.dirname, '../../dist/cli.cjs')

const sockets = await connectMany(SOCKETS)

function run(...parameters: string[]): string {
  return execFileSync(process.execPath, parameters, { encoding: 'utf8', maxBuffer: 1e8 })
}

function startNode(): void {
  run('-e', '0')
}

/** `ps` exits with 0, or execFileSync throws: with --check, every connection is reported in time. */
function runPs(...options: string[]): void {
  const printed = run(command, 'ps', String(process.pid), ...options)
  if (!printed.includes(`\n${SOCKETS} connections`)) throw new Error('ps has not found all connections')
}

/** Like `paired()`, with one run a round: starting a process takes long enough to be measured alone. */
function inTurn(): Seen {
  return { reference: timed(startNode), measured: timed(runPs), again: timed(startNode) }
}

await say('ps', () => compared(Array.from({ length: ROUNDS }, inTurn)))

const TURNS = 7

function listAllBySs(): void {
  const printed = execFileSync('ss', ['-tnop'], { encoding: 'utf8', maxBuffer: 1e8 })
  if (printed.split(`pid=${process.pid},`).length <= SOCKETS)
    throw new Error('ss has not found all connections')
}

for (const socket of sockets) ours.setKeepAlive(socket, { detectWithin: 60_000 })
await say('ps-ss', () => {
  const turns = Array.from({ length: TURNS }, () => {
    const [start, ps] = [processorTime(startNode), processorTime(() => runPs('--check', '--within', '60s'))]
    const [ss, again] = [processorTime(listAllBySs), processorTime(startNode)]
    return { start: (start + again) / 2, ps, ss }
  })
  const of = (key: 'start' | 'ps' | 'ss'): number => median(turns.map((turn) => turn[key]))
  const times = spread(turns.map(({ start, ps, ss }) => (ps - start) / ss))
  return { start: of('start'), ps: of('ps'), ss: of('ss'), times }
})
await end(sockets)
