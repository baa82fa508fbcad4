/** `tcp-keepalive ps` of a process with 1,000 sockets, this one; a process of its own each time, as a person has it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ours } from '../measured.ts'
import { connectMany, end, startPeers } from '../connections.ts'
import { compared, median, type Paired, spread, timed } from '../paired.ts'
import { processorTime } from '../processor-time.ts'
import { say } from '../say.ts'

const SOCKETS = 1000
const ROUNDS = 20
const command = join(import.meta.dirname, '../../dist/cli.cjs')

const peers = await startPeers()
const sockets = await connectMany(peers, SOCKETS)

function run(...parameters: string[]): string {
  return execFileSync(process.execPath, parameters, { encoding: 'utf8', maxBuffer: 1e8 })
}

function startNode(): void {
  run('-e', '0')
}

function listThem(): void {
  if (!run(command, 'ps', String(process.pid)).includes(`\n${SOCKETS} connections`)) {
    throw new Error('ps has not found all connections')
  }
}

/** As `paired()`, but once a round: a process takes long enough to be measured by itself. */
function inTurn(): Paired {
  const seen = Array.from({ length: ROUNDS }, () => {
    const [reference, measured, again] = [timed(startNode), timed(listThem), timed(startNode)]
    return { reference, measured, again }
  })
  return compared(seen)
}

await say('ps', inTurn)

const TURNS = 7

/** Exit code 0, or it throws: each of them is told in time. */
function checkThem(): void {
  const printed = run(command, 'ps', String(process.pid), '--check', '--within', '60s')
  if (!printed.includes(`\n${SOCKETS} connections`)) throw new Error('ps has not found all connections')
}

function listAllBySs(): void {
  const printed = execFileSync('ss', ['-tnop'], { encoding: 'utf8', maxBuffer: 1e8 })
  if (printed.split(`pid=${process.pid},`).length <= SOCKETS)
    throw new Error('ss has not found all connections')
}

for (const socket of sockets) ours.setKeepAlive(socket, { detectWithin: 60_000 })
await say('ps-ss', () => {
  const turns = Array.from({ length: TURNS }, () => {
    const [start, ps] = [processorTime(startNode), processorTime(checkThem)]
    const [ss, again] = [processorTime(listAllBySs), processorTime(startNode)]
    return { start: (start + again) / 2, ps, ss }
  })
  const of = (key: 'start' | 'ps' | 'ss'): number => median(turns.map((turn) => turn[key]))
  const times = spread(turns.map(({ start, ps, ss }) => (ps - start) / ss))
  return { start: of('start'), ps: of('ps'), ss: of('ss'), times }
})
await end(sockets)
await peers.stop()
